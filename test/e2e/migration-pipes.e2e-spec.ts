import type { IncomingMessage } from 'node:http';
import * as common from '@nestjs/common';
import {
  Body,
  Controller,
  type DynamicModule,
  type INestApplication,
  Module,
  Optional,
  type PipeTransform,
  Post,
  Scope,
  type Type,
  UseFilters,
  UseGuards,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { MessageBody, type OnGatewayInit, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Transform } from 'class-transformer';
import { IsInt } from 'class-validator';
import { io } from 'socket.io-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { SecureWsModule, WsAuthorize } from '../../packages/nestjs/src/index.js';
import {
  WsAuthorizeGuard,
  WsExceptionsFilter,
  WsSocketIdentities,
  WsValidationPipe,
} from '../../packages/nestjs/src/socket-io/index.js';
import { expectError } from '../support/error-frame.js';
import { IS_NEST_11 } from '../support/nest-version.js';
import { connect } from '../support/queueing-client.js';
import { RecordingSink } from '../support/recording-sink.js';
import { type AppShape, startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

/** In euros on the wire, in cents from here on. */
class Payment {
  @Transform(({ value }) => (value as number) * 100)
  @IsInt()
  cents!: number;
}

const Amount = z.strictObject({ cents: z.int().transform((euros) => euros * 100) });

/** Nest 12 has it, Nest 11 does not. */
const SchemaPipe = (common as { StandardSchemaValidationPipe?: new () => PipeTransform }).StandardSchemaValidationPipe;

class OwnPipe extends ValidationPipe {
  constructor() {
    super({ transform: true });
  }
}

/** Judges in a way of its own, which no module takes the place of. */
class JudgingPipe extends OwnPipe {
  protected override validate(...args: Parameters<ValidationPipe['validate']>): ReturnType<ValidationPipe['validate']> {
    return super.validate(...args);
  }
}

/** Is behind a validation pipe, and relies on it. */
const afterwards: PipeTransform = {
  transform: (value: unknown) => {
    if (value instanceof Payment && Number.isInteger(value.cents)) value.cents++;
    return value;
  },
};

type Pipes = readonly (Type<PipeTransform> | PipeTransform)[];

interface Places {
  readonly onApp?: readonly PipeTransform[];
  readonly onClass?: Pipes;
  readonly onMethod?: Pipes;
  readonly onParameter?: Pipes;
  /** In place of the type of the parameter. */
  readonly schema?: unknown;
}

type Adapter = 'ws' | 'Socket.IO';

interface IoSocket {
  readonly handshake: { readonly auth: { readonly token?: unknown } };
  readonly request: IncomingMessage;
}

interface IoServer {
  use?(middleware: (socket: IoSocket, next: () => void) => void): void;
}

interface PayGateway {
  readonly handled: unknown[];
}

/** A gateway as it was before the module, but for what another adapter asks of it. */
function gatewayWith(adapter: Adapter, isAdopted: boolean, places: Places): Type<PayGateway> {
  const { onClass = [], onMethod = [], onParameter = [], schema } = places;
  const isJudged = isAdopted && adapter === 'Socket.IO';
  @UseGuards(...(isJudged ? [WsAuthorizeGuard] : []))
  @UseFilters(...(isJudged ? [WsExceptionsFilter] : []))
  @UsePipes(...onClass)
  @WebSocketGateway({ path: '/pay' })
  class PaymentGateway implements OnGatewayInit, PayGateway {
    readonly handled: unknown[] = [];

    constructor(@Optional() private readonly identities?: WsSocketIdentities) {}

    afterInit(server: IoServer): void {
      if (isJudged) server.use?.((socket, next) => void this.#admit(socket, next));
    }

    async #admit(socket: IoSocket, next: () => void): Promise<void> {
      await this.identities?.authenticate(socket, String(socket.handshake.auth.token), socket.request);
      next();
    }

    @UsePipes(...onMethod)
    @SubscribeMessage('pay')
    pay(@MessageBody(...onParameter) payment: Payment): unknown {
      this.handled.push(payment.cents);
      return { event: 'paid', data: payment.cents };
    }

    @UsePipes(...onMethod)
    @SubscribeMessage('schema')
    schema(@MessageBody({ schema } as never) payment: { readonly cents: number }): unknown {
      this.handled.push(payment.cents);
      return { event: 'paid', data: payment.cents };
    }
  }
  return PaymentGateway;
}

/** Checks nothing on its own. */
@Module({})
class Nothing {}

interface Outcome {
  /** What the handler got. */
  readonly handled: readonly unknown[];
  /** What the module would have refused. */
  readonly reported: readonly unknown[];
}

const until = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10);

/** Pays what is not a number, and then 3. */
async function payTwice(adapter: Adapter, isAdopted: boolean, places: Places): Promise<Outcome> {
  const isWs = adapter === 'ws';
  const gateway = gatewayWith(adapter, isAdopted, places);
  const sink = new RecordingSink();
  const options = {
    authentication: { jwt: TEST_JWT },
    migration: { gateways: [gateway], until },
    events: { sinks: [sink] },
  };
  const adopted: DynamicModule = isWs
    ? SecureWsModule.forRoot({ ...options, handshake: { origins: ['http://localhost'], trustedProxies: 'none' } })
    : SecureWsModule.forRoot({ ...options, adapter: false });
  const app = await startApp({
    secureWs: isAdopted ? adopted : { module: Nothing },
    providers: [gateway],
    configure: (nest: INestApplication) => {
      if (!isWs) nest.useWebSocketAdapter(new IoAdapter(nest));
      else if (!isAdopted) nest.useWebSocketAdapter(new WsAdapter(nest));
      nest.useGlobalPipes(...(places.onApp ?? []));
    },
  });
  const event = places.schema === undefined ? 'pay' : 'schema';
  await (isWs ? overWs(app.url, app.token(), event) : overIo(app.httpUrl, app.token(), event));
  const { handled } = app.app.get(gateway);
  return { handled, reported: sink.ofType('ws.message.reported').map(({ reason }) => reason) };
}

const PAYMENTS = [{ cents: 'much' }, { cents: 3 }];

/** Whether an answer is that to the second payment: of a refusal Nest 11 tells a `ws` client nothing. */
const isLast = (event: unknown, data: unknown): boolean => event === 'paid' && data !== 'much';

async function overWs(url: string, token: string, event: string): Promise<void> {
  const client = await connect(`${url}/pay`, { token });
  for (const payment of PAYMENTS) client.send(event, payment);
  let answer = await client.next();
  while (!isLast(answer.event, answer.data)) answer = await client.next();
}

async function overIo(url: string, token: string, event: string): Promise<void> {
  const socket = io(url, { path: '/pay', auth: { token }, transports: ['websocket'], reconnection: false });
  onTestFinished(() => {
    socket.disconnect();
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect_error', reject);
    socket.onAny((name: string, data: unknown) => {
      if (isLast(name, data)) resolve();
    });
    for (const payment of PAYMENTS) socket.emit(event, payment);
  });
}

const transforming = (): PipeTransform => new ValidationPipe({ transform: true });

describe.each<Adapter>(['ws', 'Socket.IO'])('a pipe of the application under migration, on %s', (adapter) => {
  it.each<readonly [what: string, places: Places]>([
    ['the application', { onApp: [transforming()] }],
    ['the application, with one that relies on it behind it', { onApp: [transforming(), afterwards] }],
    ['the class', { onClass: [OwnPipe] }],
    ['the class, as an instance', { onClass: [transforming()] }],
    ['the handler', { onMethod: [OwnPipe] }],
    ['the handler, as an instance', { onMethod: [transforming(), afterwards] }],
    ['the parameter', { onParameter: [OwnPipe] }],
    ['the parameter, as an instance', { onParameter: [transforming()] }],
    ['the class, and judges by itself', { onClass: [JudgingPipe] }],
  ])('MV-02 MV-18 refuses what it refused before, and transforms once: on %s', async (_what, places) => {
    const before = await payTwice(adapter, false, places);
    const isAsked = places.onApp === undefined || !IS_NEST_11;
    expect(before.handled).toHaveLength(isAsked ? 1 : 2);
    expect(await payTwice(adapter, true, places)).toEqual({ handled: before.handled, reported: ['payload'] });
  });

  it('MV-02 MV-18 refuses by a schema what was refused before, and transforms once', async () => {
    if (SchemaPipe === undefined) return expect(IS_NEST_11).toBe(true);
    const places = { onApp: [new SchemaPipe()], schema: Amount };
    expect(await payTwice(adapter, false, places)).toMatchObject({ handled: [300] });
    expect(await payTwice(adapter, true, places)).toEqual({ handled: [300], reported: ['payload'] });
  });

  it('AZ-01 only reports where it is ours, which hands over what was sent', async () => {
    const places = { onClass: [WsValidationPipe], onMethod: [WsValidationPipe], onParameter: [WsValidationPipe] };
    expect(await payTwice(adapter, true, places)).toEqual({ handled: ['much', 3], reported: ['payload'] });
    const besides = { ...places, onMethod: [WsValidationPipe, transforming()] };
    expect(await payTwice(adapter, true, besides)).toEqual({ handled: [300], reported: ['payload'] });
  });
});

/** Finished: its messages are validated by the module. */
@UsePipes(new ValidationPipe({ transform: true }))
@WebSocketGateway({ path: '/done' })
@WsAuthorize()
class DoneGateway {
  @UsePipes(new ValidationPipe({ transform: true }))
  @SubscribeMessage('pay')
  pay(@MessageBody(new ValidationPipe({ transform: true })) payment: Payment): unknown {
    return payment.cents;
  }
}

/** Has inherited what is finished there, and is not finished itself. */
@WebSocketGateway({ path: '/inherited' })
class InheritingGateway extends DoneGateway {}

describe('a gateway beside one under migration', () => {
  const shape: AppShape = {
    providers: [DoneGateway, InheritingGateway],
    options: { migration: { gateways: [InheritingGateway], until } },
  };

  it('MV-18 F11 validates once, and refuses', async () => {
    const app = await startApp({ ...shape, configure: (nest) => void nest.useGlobalPipes(transforming()) });
    const client = await connect(`${app.url}/done`, { token: app.token() });
    expect(await client.request('pay', { cents: 3 })).toMatchObject({ data: 300 });
    expectError(await client.request('pay', { cents: 'much' }), 'VALIDATION_FAILED');
    expect(app.events.ofType('ws.message.reported')).toEqual([]);
  });

  it('MV-18 goes through its own pipes though it shares its handlers and their pipes with the other', async () => {
    const app = await startApp(shape);
    const client = await connect(`${app.url}/inherited`, { token: app.token() });
    // Before adoption each pipe would transform: that of the class, of the handler and of the parameter.
    expect(await client.request('pay', { cents: 3 })).toMatchObject({ data: 3_000_000 });
  });
});

/** Its pipe stands on a class that is no gateway. */
@UsePipes(new ValidationPipe({ transform: true }))
abstract class PipedBase {}

@WebSocketGateway({ path: '/pay' })
@WsAuthorize()
class PipedGateway extends PipedBase {
  @SubscribeMessage('pay')
  pay(@MessageBody() payment: Payment): unknown {
    return payment.cents;
  }
}

describe('a pipe that a gateway inherits', () => {
  it('MV-18 F11 transforms nothing once more after the policies', async () => {
    const app = await startApp({ providers: [PipedGateway] });
    const client = await connect(`${app.url}/pay`, { token: app.token() });
    expect(await client.request('pay', { cents: 3 })).toMatchObject({ data: 300 });
  });
});

/** Of one for each request, Nest asks for the global pipes at each request. */
@Controller({ path: 'pay', scope: Scope.REQUEST })
class PayController {
  @Post()
  pay(@Body() payment: Payment): unknown {
    return payment.cents;
  }
}

describe('the global pipes of HTTP', () => {
  it.each<readonly [what: string, providers: readonly Type[]]>([
    ['without a gateway', []],
    ['beside a gateway', [PipedGateway]],
  ])('MV-02 judge as before %s', async (_what, providers) => {
    const app = await startApp({
      providers,
      controllers: [PayController],
      configure: (nest) => void nest.useGlobalPipes(transforming()),
    });
    const post = async (cents: unknown): Promise<readonly [status: number, body: string]> => {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${app.httpUrl}/pay`, { method: 'POST', headers, body: JSON.stringify({ cents }) });
      return [response.status, await response.text()];
    };
    expect(await post(3)).toEqual([201, '300']);
    expect(await post('much')).toEqual([400, expect.stringContaining('cents')]);
  });
});
