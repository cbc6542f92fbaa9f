import {
  createParamDecorator,
  type ExecutionContext,
  ParseArrayPipe,
  type PipeTransform,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Transform, Type as TypeOf } from 'class-transformer';
import { IsArray, IsIn, IsInt, IsObject, IsString, ValidateNested } from 'class-validator';
import { describe, expect, it } from 'vitest';
import {
  WsAuthorize,
  WsPayload,
  type WsPolicy,
  type WsPolicyContext,
  WsPrincipal,
} from '../../packages/nestjs/src/index.js';
import { type Client, connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

/** In euros on the wire, in cents from here on. */
class Payment {
  @Transform(({ value }) => (value as number) * 100)
  @IsInt()
  cents!: number;
}

class Order {
  @IsArray()
  @ValidateNested({ each: true })
  @TypeOf(() => Payment)
  items!: Payment[];

  @ValidateNested()
  @TypeOf(() => Payment)
  tip!: Payment;
}

class Filter {
  @IsIn(['mine'])
  scope!: string;
}

/** Says of the filter that it is an object, and nothing of what is in it. */
class Query {
  @IsObject()
  filter!: object;
}

class Coded {
  @IsString()
  filter!: string;
}

const dataOf = (context: ExecutionContext): Record<string, unknown> => context.switchToWs().getData();

const Parsed = createParamDecorator((name: string, context): unknown => JSON.parse(String(dataOf(context)[name])));
const ParsedLate = createParamDecorator((name: string, context): unknown =>
  Promise.resolve(JSON.parse(String(dataOf(context)[name]))),
);
/** Takes out of the payload what was validated with it. */
const Taken = createParamDecorator((name: string, context): unknown => dataOf(context)[name]);

const decode: PipeTransform = { transform: ({ filter }: Coded) => JSON.parse(filter) as unknown };
/** Leaves a plain object behind, as pipes do that trim or rename. */
const copy: PipeTransform = {
  transform: (value: unknown) => (typeof value === 'object' ? { ...value } : value),
};

const strict = { transform: true, whitelist: true, forbidNonWhitelisted: true, validateCustomDecorators: true };
const pipe = (): ValidationPipe => new ValidationPipe(strict);

class OwnList extends ParseArrayPipe {
  constructor() {
    super({ items: Payment });
  }

  override async transform(value: unknown, argument: Parameters<ParseArrayPipe['transform']>[1]): Promise<unknown> {
    return (await super.transform(value, argument)) as unknown;
  }
}

/** Notes what the policies have judged. */
class Judge implements WsPolicy<unknown> {
  static judged: unknown;

  authorize({ data }: WsPolicyContext<unknown>): boolean {
    Judge.judged = JSON.parse(JSON.stringify(data));
    return true;
  }
}

@WebSocketGateway({ path: '/elsewhere' })
@WsAuthorize(Judge)
class ElsewhereGateway {
  @WsPayload(Coded)
  @SubscribeMessage('parameter')
  parameter(@Parsed('filter', pipe()) filter: Filter): unknown {
    return filter;
  }

  @WsPayload(Coded)
  @SubscribeMessage('late')
  late(@ParsedLate('filter', pipe()) filter: Filter): unknown {
    return filter;
  }

  @UsePipes(pipe())
  @SubscribeMessage('method')
  method(@MessageBody() _coded: Coded, @Parsed('filter') filter: Filter, @WsPrincipal() _who: object): unknown {
    return filter;
  }

  @WsPayload(Query)
  @SubscribeMessage('property')
  property(@MessageBody('filter', pipe()) filter: Filter): unknown {
    return filter;
  }

  @WsPayload(Coded)
  @SubscribeMessage('decoded')
  decoded(@MessageBody(decode, new ValidationPipe({ ...strict, expectedType: Filter })) filter: object): unknown {
    return filter;
  }

  @WsPayload([Payment])
  @SubscribeMessage('list')
  list(@MessageBody(new ParseArrayPipe({ items: Payment })) items: Payment[]): unknown {
    return items[0]?.cents;
  }

  @UsePipes(new ParseArrayPipe({ items: Payment }))
  @WsPayload([Payment])
  @SubscribeMessage('list-method')
  listOfMethod(@MessageBody() items: Payment[]): unknown {
    return items[0]?.cents;
  }

  @WsPayload([Payment])
  @SubscribeMessage('list-own')
  ownList(@MessageBody(OwnList) items: Payment[]): unknown {
    return items[0]?.cents;
  }

  @WsPayload([Payment])
  @SubscribeMessage('list-expected')
  expectedList(@MessageBody(new ValidationPipe({ ...strict, expectedType: Payment })) items: Payment[]): unknown {
    return items[0]?.cents;
  }

  @WsPayload(Order)
  @SubscribeMessage('items')
  items(@MessageBody('items', new ParseArrayPipe({ items: Payment })) items: Payment[]): unknown {
    return items[0]?.cents;
  }

  @WsPayload(Order)
  @SubscribeMessage('tip')
  tip(@MessageBody('tip', pipe()) tip: Payment): unknown {
    return tip.cents;
  }

  @WsPayload(Order)
  @SubscribeMessage('tip-copied')
  copiedTip(@MessageBody('tip', copy, pipe()) tip: Payment): unknown {
    return tip.cents;
  }

  @WsPayload(Order)
  @SubscribeMessage('taken')
  taken(@Taken('tip', pipe()) tip: Payment): unknown {
    return tip.cents;
  }

  @WsPayload(Order)
  @SubscribeMessage('taken-items')
  takenItems(@Taken('items', new ParseArrayPipe({ items: Payment })) items: Payment[]): unknown {
    return items[0]?.cents;
  }

  @SubscribeMessage('copied')
  copied(@MessageBody(copy, pipe()) payment: Payment): unknown {
    return payment.cents;
  }
}

async function start(platform: 'express' | 'fastify'): Promise<Client> {
  const app = await startApp({ providers: [ElsewhereGateway, Judge], platform });
  return connect(`${app.url}/elsewhere`, { token: app.token() });
}

const BAD = { scope: { $ne: null }, isAdmin: true };
const GOOD = { scope: 'mine' };

describe.each(['express', 'fastify'] as const)('a validation pipe of the application, on %s', (platform) => {
  it.each(['parameter', 'late', 'method', 'property', 'decoded'])(
    'MV-02 N15 validates what the module has not: %s',
    async (event) => {
      const client = await start(platform);
      const sent = (filter: object): object => ({ filter: event === 'property' ? filter : JSON.stringify(filter) });
      expect(await client.request(event, sent(GOOD))).toMatchObject({ data: GOOD });
      expect(await client.request(event, sent(BAD))).toMatchObject({ event: 'error' });
    },
  );

  it.each([
    ['list', [{ cents: 5 }]],
    ['list-method', [{ cents: 5 }]],
    ['list-own', [{ cents: 5 }]],
    ['items', { items: [{ cents: 5 }], tip: { cents: 5 } }],
    ['tip', { items: [], tip: { cents: 5 } }],
    ['taken', { items: [], tip: { cents: 5 } }],
    ['taken-items', { items: [{ cents: 5 }], tip: { cents: 5 } }],
  ] as const)('MV-18 F11 N1 transforms nothing once more that was judged: %s', async (event, sent) => {
    const client = await start(platform);
    expect(await client.request(event, sent)).toMatchObject({ data: 500 });
    expect(JSON.stringify(Judge.judged)).toContain('"cents":500');
  });

  it.each([
    ['tip-copied', { items: [], tip: { cents: 5 } }],
    ['copied', { cents: 5 }],
  ] as const)('MV-02 takes a copy for what was sent, as nobody has judged it: %s', async (event, sent) => {
    const client = await start(platform);
    expect(await client.request(event, sent)).toMatchObject({ data: 50_000 });
  });

  it('MV-02 refuses a list where it is for one item, as in any application of Nest', async () => {
    const client = await start(platform);
    expect(await client.request('list-expected', [{ cents: 5 }])).toMatchObject({ event: 'error' });
  });
});
