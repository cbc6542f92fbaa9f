import {
  type ArgumentMetadata,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  createParamDecorator,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
  Injectable,
  Module,
  type NestInterceptor,
  ParseArrayPipe,
  type PipeTransform,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Transform, Type as TypeOf } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Max, ValidateIf, ValidateNested } from 'class-validator';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WsAuthorize, WsPayload } from '../../packages/nestjs/src/index.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

const REFUSED = 'refused';

class Item {
  /** In euros on the wire, in cents from here on. */
  @Transform(({ value }) => (value as number) * 100)
  @IsInt()
  cents!: number;
}

class Order {
  @IsOptional()
  @ValidateNested()
  @TypeOf(() => Item)
  item?: Item;

  @IsOptional()
  @ValidateNested({ each: true })
  @TypeOf(() => Item)
  items?: Item[];
}

class Named {
  @IsString()
  name!: string;
}

/** Asks for less than what it extends. */
class MaybeNamed extends Named {
  @IsOptional()
  declare name: string;
}

/** Judges the same property by another rule, in the place of that above. */
class Numbered extends Named {
  @IsInt()
  declare name: never;
}

/** Asks for more. */
class FullyNamed extends Named {
  @Transform(({ value }) => `${String(value)}!`)
  @IsString()
  last!: string;
}

class Holding {
  @ValidateNested()
  @TypeOf(() => MaybeNamed)
  who!: MaybeNamed;
}

class Small {
  @IsIn(['small'])
  kind!: string;

  @IsInt()
  @Max(10)
  n!: number;
}

class Big {
  @IsIn(['big'])
  kind!: string;

  @IsInt()
  n!: number;
}

class Sized {
  @ValidateNested()
  @TypeOf(() => Object, {
    keepDiscriminatorProperty: true,
    discriminator: {
      property: 'kind',
      subTypes: [
        { name: 'small', value: Small },
        { name: 'big', value: Big },
      ],
    },
  })
  order!: Small | Big;
}

class Counted {
  @IsInt()
  @Max(10)
  n!: number;
}

/** Whether the property is judged, its sender chooses. */
class Conditional {
  @IsString()
  kind!: string;

  @ValidateIf(({ kind }: Conditional) => kind !== 'raw')
  @ValidateNested()
  @TypeOf(() => Counted)
  filter!: Counted;
}

class Extended {
  @IsString()
  extra!: string;

  @IsOptional()
  @ValidateNested()
  @TypeOf(() => Counted)
  counted?: Counted;

  @IsOptional()
  @IsInt()
  @Max(10)
  n?: number;
}

const withExtra = (sent: Extended): object => Object.assign({}, sent, JSON.parse(sent.extra)) as object;

const merging: PipeTransform = { transform: withExtra };

const mergingInto: PipeTransform = { transform: (sent: Extended) => Object.assign(sent, withExtra(sent)) };

/** Of nothing that is declared: Nest's pipe judges it, and makes something else. */
class Raised {
  @IsString()
  extra!: string;

  @Transform(() => 500)
  @IsInt()
  n!: number;
}

/** Does more than to validate. */
class RaisingPipe extends ValidationPipe {
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    return { ...((await super.transform(value, metadata)) as object), n: 500 };
  }
}

/** Puts other data in the place of the payload. */
@Injectable()
class Merging implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): ReturnType<CallHandler['handle']> {
    const args: unknown[] = context.getArgs();
    args[1] = withExtra(args[1] as Extended);
    return next.handle();
  }
}

/** As a guard, which has them first. */
@Injectable()
class MergingGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const args: unknown[] = context.getArgs();
    args[1] = withExtra(args[1] as Extended);
    return true;
  }
}

/** An instance of a class that the payload may hold, which nobody has judged. */
const Parsed = createParamDecorator((_data: unknown, context: ExecutionContext): unknown =>
  Object.assign(new Counted(), JSON.parse(context.switchToWs().getData<Extended>().extra)),
);

const judging = (): PipeTransform =>
  new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true, validateCustomDecorators: true });

/** What an application puts into the payload before the handler has it. */
const Renamed = createParamDecorator((as: unknown, context: ExecutionContext): unknown => {
  const payload = context.switchToWs().getData<Record<string, unknown>>();
  if (as !== undefined) payload['name'] = as;
  return payload;
});

const Listed = createParamDecorator((as: unknown, context: ExecutionContext): unknown => [
  Object.assign(context.switchToWs().getData<object>(), { name: as }),
]);

/** Leaves a plain object behind. */
const copying: PipeTransform = { transform: (value: object) => ({ ...value }) };

const custom = (): PipeTransform =>
  new ValidationPipe({ validateCustomDecorators: true, whitelist: true, forbidNonWhitelisted: true });

/** Nest 11 tells a client of no exception. */
@Catch()
class Telling implements ExceptionFilter {
  catch(_exception: unknown, host: ArgumentsHost): void {
    host
      .switchToWs()
      .getClient<{ send(text: string): void }>()
      .send(JSON.stringify({ event: 'exception' }));
  }
}

/** @param isAdopted whether it has the decorators of this package, which only work with its module. */
function gatewayOf(isAdopted: boolean): Type {
  const authorized: ClassDecorator = isAdopted ? WsAuthorize() : () => undefined;
  const filters = isAdopted ? [] : [new Telling()];
  const declared = (type: Type<object>): MethodDecorator => (isAdopted ? WsPayload(type) : () => undefined);

  @UseFilters(...filters)
  @WebSocketGateway({ path: '/as-nest' })
  @authorized
  class AsNestGateway {
    @UsePipes(custom())
    @declared(Named)
    @SubscribeMessage('renamed')
    renamed(@Renamed(7) named: Named): unknown {
      return { event: 'taken', data: named };
    }

    @UsePipes(custom())
    @declared(Named)
    @SubscribeMessage('renamed-well')
    renamedWell(@Renamed('Bob') named: Named): unknown {
      return { event: 'taken', data: named };
    }

    @declared(Named)
    @SubscribeMessage('listed')
    listed(@Listed(7, new ParseArrayPipe({ items: Named })) named: Named[]): unknown {
      return { event: 'taken', data: named };
    }

    @declared(Order)
    @SubscribeMessage('item')
    item(@MessageBody('item', new ValidationPipe({ transform: true })) item: Item): unknown {
      return { event: 'taken', data: item };
    }

    @declared(Order)
    @SubscribeMessage('items')
    items(@MessageBody('items', new ParseArrayPipe({ items: Item })) items: Item[]): unknown {
      return { event: 'taken', data: items };
    }

    @UsePipes(new ValidationPipe({ transform: true }))
    @declared(MaybeNamed)
    @SubscribeMessage('looser')
    looser(@MessageBody() named: Named): unknown {
      return { event: 'taken', data: named };
    }

    @UsePipes(copying, new ValidationPipe({ transform: true }))
    @declared(MaybeNamed)
    @SubscribeMessage('looser-copied')
    looserCopied(@MessageBody() named: Named): unknown {
      return { event: 'taken', data: named };
    }

    @UsePipes(new ValidationPipe({ transform: true }))
    @declared(Numbered)
    @SubscribeMessage('other')
    other(@MessageBody() named: Named): unknown {
      return { event: 'taken', data: named };
    }

    @UsePipes(new ValidationPipe({ transform: true }))
    @declared(FullyNamed)
    @SubscribeMessage('stricter')
    stricter(@MessageBody() named: Named): unknown {
      return { event: 'taken', data: named };
    }

    @declared(Holding)
    @SubscribeMessage('held')
    held(@MessageBody('who', new ValidationPipe({ transform: true })) who: Named): unknown {
      return { event: 'taken', data: who };
    }

    @declared(Sized)
    @SubscribeMessage('sized')
    sized(@MessageBody('order', judging()) taken: Small): unknown {
      return { event: 'taken', data: taken };
    }

    @declared(Conditional)
    @SubscribeMessage('conditional')
    conditional(@MessageBody('filter', judging()) taken: Counted): unknown {
      return { event: 'taken', data: taken };
    }

    @declared(Extended)
    @SubscribeMessage('merged')
    merged(@MessageBody(merging, judging()) taken: Extended): unknown {
      return { event: 'taken', data: taken };
    }

    @UsePipes(merging, judging())
    @declared(Extended)
    @SubscribeMessage('merged-above')
    mergedAbove(@MessageBody() taken: Extended): unknown {
      return { event: 'taken', data: taken };
    }

    @declared(Extended)
    @SubscribeMessage('merged-into')
    mergedInto(@MessageBody(mergingInto, judging()) taken: Extended): unknown {
      return { event: 'taken', data: taken };
    }

    @declared(Extended)
    @SubscribeMessage('merged-plainly')
    mergedPlainly(@MessageBody(mergingInto, new ValidationPipe({ transform: true })) taken: Extended): unknown {
      return { event: 'taken', data: taken };
    }

    @UsePipes(new ValidationPipe({ transform: true, expectedType: Raised }), new ValidationPipe({ transform: true }))
    @declared(Extended)
    @SubscribeMessage('raised')
    raised(@MessageBody() taken: Extended): unknown {
      return { event: 'taken', data: taken };
    }

    @UsePipes(new RaisingPipe({ transform: true }), new ValidationPipe({ transform: true }))
    @declared(Extended)
    @SubscribeMessage('raised-besides')
    raisedBesides(@MessageBody() taken: Extended): unknown {
      return { event: 'taken', data: taken };
    }

    @UseInterceptors(Merging)
    @declared(Extended)
    @SubscribeMessage('intercepted')
    intercepted(@MessageBody(judging()) taken: Extended): unknown {
      return { event: 'taken', data: taken };
    }

    @UseGuards(MergingGuard)
    @declared(Extended)
    @SubscribeMessage('guarded')
    guarded(@MessageBody(judging()) taken: Extended): unknown {
      return { event: 'taken', data: taken };
    }

    @declared(Extended)
    @SubscribeMessage('parsed')
    parsed(@Parsed(judging()) taken: Counted): unknown {
      return { event: 'taken', data: taken };
    }
  }
  return AsNestGateway;
}

/** The same gateway where nobody has heard of this package. */
async function bareUrl(): Promise<string> {
  @Module({ providers: [gatewayOf(false)] })
  class BareModule {}
  const testing = await Test.createTestingModule({ imports: [BareModule] }).compile();
  const app: INestApplication = testing.createNestApplication({ logger: false });
  app.useWebSocketAdapter(new WsAdapter(app));
  await app.listen(0, '127.0.0.1');
  onTestFinished(() => app.close());
  return `ws://127.0.0.1:${((app.getHttpServer() as Server).address() as AddressInfo).port}`;
}

const MESSAGES: readonly (readonly [what: string, event: string, payload: unknown, ours: unknown])[] = [
  ['a parameter decorator has put what is wrong into the payload', 'renamed', { name: 'Ann' }, REFUSED],
  ['a parameter decorator has put what is right into the payload', 'renamed-well', { name: 'Ann' }, { name: 'Bob' }],
  ['a parameter decorator hands over a list of it', 'listed', { name: 'Ann' }, REFUSED],
  ['a property is missing', 'item', {}, REFUSED],
  ['a property is null', 'item', { item: null }, REFUSED],
  ['a property is there, and is not transformed twice', 'item', { item: { cents: 3 } }, { cents: 300 }],
  ['a list is missing', 'items', {}, REFUSED],
  ['a list is there, and is not transformed twice', 'items', { items: [{ cents: 3 }] }, [{ cents: 300 }]],
  ['the declared class asks for less than that of the parameter', 'looser', {}, REFUSED],
  ['such a one was copied by a pipe', 'looser-copied', {}, REFUSED],
  ['such a one was copied, and is what both want', 'looser-copied', { name: 'Ann' }, { name: 'Ann' }],
  ['such a one is sent what both want', 'looser', { name: 'Ann' }, { name: 'Ann' }],
  ['the declared class has another rule than that of the parameter', 'other', { name: 7 }, REFUSED],
  ['the declared class asks for more', 'stricter', { name: 'Ann', last: 'Ek' }, { name: 'Ann', last: 'Ek!' }],
  ['the class of a property asks for less than that of the parameter', 'held', { who: {} }, REFUSED],
  ['such a property is what both want', 'held', { who: { name: 'Ann' } }, { name: 'Ann' }],
  ['a property is of another class', 'sized', { order: { kind: 'big', n: 500 } }, REFUSED],
  ['a property is of the class', 'sized', { order: { kind: 'small', n: 5 } }, { kind: 'small', n: 5 }],
  ['a property has a condition', 'conditional', { kind: 'raw', filter: { n: 500 } }, REFUSED],
  ['a property has a condition, and is a text', 'conditional', { kind: 'raw', filter: 'x' }, REFUSED],
  ['a property has a condition, and is right', 'conditional', { kind: 'raw', filter: { n: 5 } }, { n: 5 }],
  ['a pipe in front makes something else', 'merged', { extra: '{"n":500}' }, REFUSED],
  ['a pipe in front adds what is unknown', 'merged', { extra: '{"isAdmin":true}' }, REFUSED],
  ['a pipe above makes something else', 'merged-above', { extra: '{"n":500}' }, REFUSED],
  ['a pipe in front writes into it', 'merged-into', { extra: '{"n":500}' }, REFUSED],
  ['a pipe in front writes plain objects into it', 'merged-into', { extra: '{"counted":{"n":500}}' }, REFUSED],
  ['a pipe in front adds what is unknown to it', 'merged-into', { extra: '{"isAdmin":true}' }, REFUSED],
  ['a pipe in front writes nothing into it', 'merged-into', { extra: '{}' }, { extra: '{}' }],
  [
    'such a one is written before a pipe without whitelist',
    'merged-plainly',
    { extra: '{"counted":{"n":500}}' },
    REFUSED,
  ],
  ['a validation pipe of another class makes something else', 'raised', { extra: '{}', n: 5 }, REFUSED],
  ['a derived validation pipe makes something else', 'raised-besides', { extra: '{}' }, REFUSED],
  ['an interceptor puts something else there', 'intercepted', { extra: '{"n":500}' }, REFUSED],
  ['a guard puts something else there', 'guarded', { extra: '{"n":500}' }, REFUSED],
  ['a parameter decorator makes an instance', 'parsed', { extra: '{"n":500}' }, REFUSED],
  ['a parameter decorator makes a right one', 'parsed', { extra: '{"n":5}' }, { n: 5 }],
];

describe.each(['express', 'fastify'] as const)(
  'what the validation pipes of an application refuse, on %s',
  (platform) => {
    it.each(MESSAGES)(
      'MV-02 F11 is refused here as in a bare Nest application: %s',
      async (_what, event, payload, ours) => {
        const bare = await connect(`${await bareUrl()}/as-nest`);
        bare.send(event, payload);
        const ofNest = await bare.next();
        const app = await startApp({ platform, providers: [gatewayOf(true)] });
        const client = await connect(`${app.url}/as-nest`, { token: app.token() });
        const { event: answer, data } = await client.request(event, payload);
        if (ours === REFUSED) {
          expect(ofNest.event).toBe('exception');
          expect(data).toMatchObject({ code: expect.any(String) as string });
        } else expect([ofNest.event, answer, data]).toEqual(['taken', 'taken', ours]);
      },
    );
  },
);
