import type { IncomingMessage } from 'node:http';
import {
  type ArgumentMetadata,
  BadRequestException,
  createParamDecorator,
  type INestApplication,
  Injectable,
  type PipeTransform,
  type Type,
  UseFilters,
  UseGuards,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import * as common from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { MessageBody, type OnGatewayInit, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Transform } from 'class-transformer';
import { IsInt, IsString } from 'class-validator';
import { io } from 'socket.io-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { SecureWsModule, WsAuthorize, WsPrincipal } from '../../packages/nestjs/src/index.js';
import {
  WsAuthorizeGuard,
  WsExceptionsFilter,
  WsSocketIdentities,
  WsValidationPipe,
} from '../../packages/nestjs/src/socket-io/index.js';
import { bootProblems } from '../support/boot-problems.js';
import { IS_NEST_11 } from '../support/nest-version.js';
import { connect } from '../support/queueing-client.js';
import { type AppShape, startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

/** In euros on the wire, in cents from here on. */
class Payment {
  @Transform(({ value }) => (value as number) * 100)
  @IsInt()
  cents!: number;
}

class Invoice {
  @IsString()
  number!: string;
}

const doubled = (value: unknown): unknown =>
  value instanceof Payment ? Object.assign(new Payment(), { cents: value.cents * 2 }) : value;

@Injectable()
class DoublingPipe extends WsValidationPipe {
  override async transform(value: unknown, argument: ArgumentMetadata): Promise<unknown> {
    return doubled(await super.transform(value, { ...argument }));
  }
}

@Injectable()
class NamedPipe extends WsValidationPipe {}

/** Asks for something else than the parameter says. */
@Injectable()
class InvoicePipe extends WsValidationPipe {
  override transform(value: unknown, argument: ArgumentMetadata): Promise<unknown> {
    return super.transform({ ...(value as object) }, { ...argument, metatype: Invoice });
  }
}

/** Made by hand: it has nothing to validate with, and does not ask. */
class OwnPipe extends WsValidationPipe {
  constructor() {
    super(undefined as never);
  }

  override transform(value: unknown): Promise<unknown> {
    return Promise.resolve(doubled(value));
  }
}

class OptionsPipe extends ValidationPipe {
  constructor() {
    super({ whitelist: true, transform: true });
  }
}

class JudgingPipe extends ValidationPipe {
  protected override validate(): never[] {
    return [];
  }
}

type Pipes = readonly (Type<PipeTransform> | PipeTransform)[];

interface Places {
  readonly onClass?: Pipes;
  readonly onMethod?: Pipes;
  readonly onParameter?: Pipes;
}

interface IoSocket {
  readonly handshake: { readonly auth: { readonly token?: unknown } };
  readonly request: IncomingMessage;
}

interface IoServer {
  use?(middleware: (socket: IoSocket, next: (error?: Error) => void) => void): void;
}

function gatewayWith({ onClass = [], onMethod = [], onParameter = [] }: Places): Type {
  @UseGuards(WsAuthorizeGuard)
  @UseFilters(WsExceptionsFilter)
  @UsePipes(...onClass)
  @WebSocketGateway({ path: '/pay' })
  @WsAuthorize()
  class PaymentGateway implements OnGatewayInit {
    constructor(private readonly identities: WsSocketIdentities) {}

    afterInit(server: IoServer): void {
      server.use?.((socket, next) => void this.#admit(socket, next));
    }

    async #admit(socket: IoSocket, next: () => void): Promise<void> {
      await this.identities.authenticate(socket, String(socket.handshake.auth.token), socket.request);
      next();
    }

    @UsePipes(...onMethod)
    @SubscribeMessage('pay')
    pay(@MessageBody(...onParameter) payment: Payment): unknown {
      return { event: 'paid', data: payment.cents };
    }
  }
  return PaymentGateway;
}

type Adapter = 'ws' | 'Socket.IO';

function shapeOf(adapter: Adapter, gateway: Type, more: AppShape = {}): AppShape {
  const { providers = [], configure } = more;
  const isWs = adapter === 'ws';
  return {
    ...(isWs ? {} : { secureWs: SecureWsModule.forRoot({ authentication: { jwt: TEST_JWT }, adapter: false }) }),
    providers: [gateway, ...providers],
    configure: (app: INestApplication) => {
      if (!isWs) app.useWebSocketAdapter(new IoAdapter(app));
      configure?.(app);
    },
  };
}

/** What a client is answered that pays 3. */
async function pay(adapter: Adapter, gateway: Type, more?: AppShape): Promise<unknown> {
  const app = await startApp(shapeOf(adapter, gateway, more));
  if (adapter === 'ws') {
    const client = await connect(`${app.url}/pay`, { token: app.token() });
    return (await client.request('pay', { cents: 3 })).data;
  }
  const socket = io(app.httpUrl, {
    path: '/pay',
    auth: { token: app.token() },
    transports: ['websocket'],
    reconnection: false,
  });
  onTestFinished(() => {
    socket.disconnect();
  });
  return new Promise((resolve, reject) => {
    socket.onAny((_event: string, data: unknown) => resolve(data));
    socket.once('connect_error', reject);
    socket.emit('pay', { cents: 3 });
  });
}

describe.each<Adapter>(['ws', 'Socket.IO'])(
  'a validation pipe of the application that extends one of ours, on %s',
  (adapter) => {
    it.each<readonly [what: string, places: Places]>([
      ['the class', { onClass: [DoublingPipe] }],
      ['the class, as an instance', { onClass: [new OwnPipe()] }],
      ['the handler', { onMethod: [DoublingPipe] }],
      ['the handler, as an instance', { onMethod: [new OwnPipe()] }],
      ['the parameter', { onParameter: [DoublingPipe] }],
      ['the parameter, as an instance', { onParameter: [new OwnPipe()] }],
    ])('MV-18 F11 runs what it overrides, and validates nothing twice: on %s', async (_what, places) => {
      expect(await pay(adapter, gatewayWith(places))).toBe(600);
    });

    // Nest 11 runs no global pipe on gateways.
    const ofGlobal = IS_NEST_11 ? 300 : 600;

    it.each<readonly [what: string, shape: AppShape]>([
      [
        'useGlobalPipes()',
        { providers: [DoublingPipe], configure: (app) => void app.useGlobalPipes(app.get(DoublingPipe)) },
      ],
      ['APP_PIPE', { providers: [{ provide: APP_PIPE, useClass: DoublingPipe }] }],
    ])('MV-18 F11 runs what it overrides where it is global: %s', async (_what, shape) => {
      expect(await pay(adapter, gatewayWith({}), shape)).toBe(ofGlobal);
    });

    it.each<readonly [what: string, places: Places]>([
      ['a subclass of ours', { onClass: [NamedPipe], onMethod: [NamedPipe], onParameter: [NamedPipe] }],
      ["a subclass of Nest's that chooses options", { onClass: [new OptionsPipe()], onParameter: [OptionsPipe] }],
    ])('MV-18 F11 passes on what was validated where it overrides nothing: %s', async (_what, places) => {
      expect(await pay(adapter, gatewayWith(places))).toBe(300);
    });

    it('MV-03 validates as another type where it says so', async () => {
      expect(await pay(adapter, gatewayWith({ onClass: [InvoicePipe] }))).toMatchObject({ code: 'VALIDATION_FAILED' });
    });

    it('MV-02 judges what another pipe of the application has made of the payload', async () => {
      const spoiling: PipeTransform = { transform: () => ({ cents: 'many' }) };
      const places = { onMethod: [spoiling, new ValidationPipe({ transform: true })] };
      expect(await pay(adapter, gatewayWith(places))).toMatchObject({ code: expect.any(String) as string });
    });

    it.each<readonly [what: string, places: Places]>([
      ['the class', { onClass: [JudgingPipe] }],
      ['the handler, as an instance', { onMethod: [new JudgingPipe()] }],
      ['the parameter', { onParameter: [JudgingPipe] }],
    ])("MV-02 stops the boot where one of Nest's judges payloads by itself: on %s", async (_what, places) => {
      expect(await bootProblems(shapeOf(adapter, gatewayWith(places)))).toEqual([
        {
          where: 'PaymentGateway.pay',
          problem: expect.stringContaining('JudgingPipe, which overrides validate()') as string,
          fix: expect.stringContaining('transform()') as string,
        },
      ]);
    });
  },
);

/** What an application's own decorator hands to a handler. */
class Tenant {
  @IsString()
  name!: string;
}

const TenantOf = createParamDecorator((): unknown => ({ name: 7 }));

const judging = (): PipeTransform => new ValidationPipe({ validateCustomDecorators: true });

function tenantGateway(pipe: PipeTransform | undefined): Type {
  @UsePipes(...(pipe === undefined ? [] : [pipe]))
  @WebSocketGateway({ path: '/pay' })
  @WsAuthorize()
  class TenantGateway {
    @SubscribeMessage('pay')
    pay(@TenantOf() tenant: Tenant, @MessageBody() { cents }: Payment): unknown {
      return { event: 'paid', data: [tenant.name, cents] };
    }

    // What the module hands over, and what no pipe would judge.
    @SubscribeMessage('ours')
    ours(@WsPrincipal() _principal: Tenant, @TenantOf() _name: string, @MessageBody() { cents }: Payment): unknown {
      return { event: 'paid', data: cents };
    }
  }
  return TenantGateway;
}

describe('a validation pipe with validateCustomDecorators', () => {
  it('MV-02 judges what a decorator of the application hands over', async () => {
    expect(await pay('ws', tenantGateway(judging()))).toMatchObject({ code: expect.any(String) as string });
  });

  it('MV-02 does so where it is global and Nest runs it for messages', async () => {
    const answer = await pay('ws', tenantGateway(undefined), {
      configure: (app) => void app.useGlobalPipes(judging()),
    });
    if (IS_NEST_11) expect(answer).toEqual([7, 300]);
    else expect(answer).toMatchObject({ code: expect.any(String) as string });
  });

  it('MV-02 may judge by itself at such a decorator, where the module has validated nothing', async () => {
    class OwnJudge extends ValidationPipe {
      protected override validate(): never[] {
        throw new BadRequestException('no tenant');
      }
    }
    const pipe = new OwnJudge({ validateCustomDecorators: true });

    @WebSocketGateway({ path: '/pay' })
    @WsAuthorize()
    class OwnTenantGateway {
      @SubscribeMessage('pay')
      pay(@TenantOf(pipe) tenant: Tenant, @MessageBody() { cents }: Payment): unknown {
        return { event: 'paid', data: [tenant.name, cents] };
      }
    }
    expect(await pay('ws', OwnTenantGateway)).toMatchObject({ code: expect.any(String) as string });
    // On the class it is for the payload, too.
    expect(await bootProblems({ providers: [tenantGateway(pipe)] })).toMatchObject([
      {
        where: 'TenantGateway.pay',
        problem: expect.stringContaining('OwnJudge, which overrides validate()') as string,
      },
      { where: 'TenantGateway.ours' },
    ]);
  });

  it('MV-02 is nothing new where no decorator of the application hands over anything', async () => {
    expect(await pay('ws', gatewayWith({ onClass: [judging()] }))).toBe(300);
  });

  it('MV-02 may stay without that option: it has judged no such value', async () => {
    expect(await pay('ws', tenantGateway(new ValidationPipe({ transform: true })))).toEqual([7, 300]);
  });
});

/** Nest 12 has it, Nest 11 does not. */
const SchemaPipe = (common as { StandardSchemaValidationPipe?: new () => PipeTransform }).StandardSchemaValidationPipe;

const Amount = z.strictObject({ cents: z.int().transform((euros) => euros * 100) });

/** Counts on, and leaves the rest to Nest. */
const addingPipe = (Pipe: new () => PipeTransform): PipeTransform =>
  new (class AddingPipe extends Pipe {
    override async transform(value: unknown, argument: ArgumentMetadata): Promise<unknown> {
      const amount = (await super.transform(value, argument)) as unknown;
      return argument.type === 'body' ? { cents: (amount as z.infer<typeof Amount>).cents + 1 } : amount;
    }
  })();

@WebSocketGateway({ path: '/pay' })
@WsAuthorize()
class SchemaGateway {
  @SubscribeMessage('pay')
  pay(@MessageBody({ schema: Amount } as never) { cents }: z.infer<typeof Amount>): unknown {
    return { event: 'paid', data: cents };
  }
}

describe("a StandardSchemaValidationPipe of Nest's", () => {
  it.each<readonly [what: string, make: (Pipe: new () => PipeTransform) => PipeTransform, cents: number]>([
    ['itself', (Pipe) => new Pipe(), 300],
    ['one that extends it', addingPipe, 301],
  ])('MV-18 F11 transforms nothing that was judged a second time: %s', async (_what, make, cents) => {
    if (SchemaPipe === undefined) return expect(IS_NEST_11).toBe(true);
    const pipe = make(SchemaPipe);
    expect(await pay('ws', SchemaGateway, { configure: (app) => void app.useGlobalPipes(pipe) })).toBe(cents);
  });
});
