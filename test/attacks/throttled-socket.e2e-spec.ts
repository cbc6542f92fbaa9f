import { createSecretKey, randomBytes } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Type, UseFilters, UseGuards, UseInterceptors, UsePipes } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { Test } from '@nestjs/testing';
import { SkipThrottle, Throttle } from '@nestjs/throttler';
import {
  ConnectedSocket,
  type OnGatewayDisconnect,
  type OnGatewayInit,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import { io, type Socket } from 'socket.io-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  Clock,
  SecureWsModule,
  type ThrottlerStorageAnswer,
  type ThrottlingOptions,
  WsAuthorize,
  WsThrottle,
  type WsThrottleValue,
} from '../../packages/nestjs/src/index.js';
import {
  WsAuthorizeGuard,
  WsExceptionsFilter,
  WsSocketIdentities,
  WsThrottlerInterceptor,
  WsValidationPipe,
} from '../../packages/nestjs/src/socket-io/index.js';
import { deferred } from '../support/deferred.js';
import { FakeClock } from '../support/fake-clock.js';
import { until } from '../support/patience.js';
import { RecordingSink } from '../support/recording-sink.js';

interface IoServer {
  use(middleware: (socket: IoSocket, next: (error?: Error) => void) => void): void;
}

interface IoSocket {
  readonly handshake: { readonly auth: { readonly token?: unknown } };
  readonly request: IncomingMessage;
}

let answer: () => unknown = () => 1;

/** The events of both gateways. */
abstract class Events implements OnGatewayInit, OnGatewayDisconnect {
  handled = 0;
  left = 0;

  constructor(private readonly identities: WsSocketIdentities) {}

  afterInit(server: IoServer): void {
    server.use((socket, next) => {
      void (async () => next(await this.#admit(socket)))();
    });
  }

  handleDisconnect(): void {
    this.left++;
  }

  #admit(socket: IoSocket): Promise<Error | undefined> {
    return this.identities.authenticate(socket, String(socket.handshake.auth.token), socket.request).then(
      () => undefined,
      () => new Error('unauthorized'),
    );
  }

  @WsAuthorize()
  @WsThrottle({ limit: 1, ttl: 60_000, by: 'address' })
  @SubscribeMessage('by-address')
  byAddress(): string {
    return this.#handle();
  }

  @WsAuthorize()
  @WsThrottle({ limit: 1, ttl: 60_000, by: 'connection' })
  @SubscribeMessage('by-connection')
  byConnection(): string {
    return this.#handle();
  }

  @WsAuthorize()
  @WsThrottle({ limit: (() => answer()) as WsThrottleValue, ttl: 60_000 })
  @SubscribeMessage('computed')
  computed(): string {
    return this.#handle();
  }

  @WsAuthorize()
  @WsThrottle({ limit: 1, ttl: 60_000, mode: 'report' })
  @SubscribeMessage('reported')
  reported(): string {
    return this.#handle();
  }

  @WsAuthorize()
  @Throttle({ default: { limit: 1, ttl: 60_000 } })
  @SubscribeMessage('nest')
  nest(): string {
    return this.#handle();
  }

  @WsAuthorize()
  @SkipThrottle()
  @SubscribeMessage('skipped')
  skipped(): string {
    return this.#handle();
  }

  @WsAuthorize()
  @SubscribeMessage('renew')
  async renew(@ConnectedSocket() socket: IoSocket): Promise<string> {
    await this.identities.authenticate(socket, String(socket.handshake.auth.token), socket.request);
    return 'done';
  }

  #handle(): string {
    this.handled++;
    return 'done';
  }
}

@UseGuards(WsAuthorizeGuard)
@UsePipes(WsValidationPipe)
@UseFilters(WsExceptionsFilter)
@WebSocketGateway()
class GuardedGateway extends Events {
  constructor(identities: WsSocketIdentities) {
    super(identities);
  }
}

/** What the guard has counted is not counted again. */
@UseGuards(WsAuthorizeGuard)
@UseInterceptors(WsThrottlerInterceptor)
@UseFilters(WsExceptionsFilter)
@WebSocketGateway()
class InterceptedGateway extends Events {
  constructor(identities: WsSocketIdentities) {
    super(identities);
  }
}

const secret = createSecretKey(randomBytes(32));

/** The tests reach the application as a proxy on this machine would. */
const handshake = { trustedProxies: { addresses: ['127.0.0.1'], header: 'x-forwarded-for' } } as const;

async function start(gateway: Type<Events>, throttling: ThrottlingOptions = {}) {
  const sink = new RecordingSink();
  const clock = new FakeClock(Date.now());
  const jwt = { secret, algorithms: ['HS256'] as const, issuer: 'https://id.example.com', audience: 'orders' };
  const module = await Test.createTestingModule({
    imports: [
      SecureWsModule.forRoot({
        ...{ adapter: false, authentication: { jwt }, events: { sinks: [sink] }, throttling, handshake },
      }),
    ],
    providers: [gateway],
  })
    .overrideProvider(Clock)
    .useValue(clock)
    .compile();
  const app = module.createNestApplication({ logger: false });
  app.useWebSocketAdapter(new IoAdapter(app));
  await app.listen(0, '127.0.0.1');
  onTestFinished(() => app.close());
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  const open = async (sub: string, forwardedFor?: string): Promise<Socket> => {
    const signer = new JwtService({ secret: secret as never });
    const token = await signer.signAsync({ sub }, { issuer: jwt.issuer, audience: jwt.audience, expiresIn: '5m' });
    const socket = io(`http://127.0.0.1:${port}`, {
      ...{ auth: { token }, transports: ['websocket'], reconnection: false, forceNew: true },
      ...(forwardedFor !== undefined && { extraHeaders: { 'x-forwarded-for': forwardedFor } }),
    });
    onTestFinished(() => void socket.disconnect());
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    return socket;
  };
  return { sink, clock, open, gateway: app.get(gateway) };
}

interface Answer {
  readonly event?: string;
  readonly data?: { readonly code?: string };
}

/** `done`, or the code of the refusal. */
async function ask(socket: Socket, event: string): Promise<string | undefined> {
  const reply = (await socket.timeout(10_000).emitWithAck(event, null)) as Answer | string;
  return typeof reply === 'string' ? reply : reply.data?.code;
}

describe.each([
  ['the guard', GuardedGateway],
  ['the interceptor beside it', InterceptedGateway],
] as const)('the limits of events on Socket.IO, by %s', (_by, gateway) => {
  it('DR-05 count together what they say, and charge nobody for what is shared', async () => {
    const { open, sink } = await start(gateway, { violations: { budget: 1 } });
    const [first, again, other] = [await open('alice'), await open('alice'), await open('bob')];
    expect(await ask(first, 'by-connection')).toBe('done');
    expect(await ask(again, 'by-connection')).toBe('done');
    expect(await ask(first, 'by-address')).toBe('done');
    for (let i = 0; i < 5; i++) expect(await ask(other, 'by-address')).toBe('THROTTLED');
    expect(sink.ofType('ws.message.refused').map(({ reason }) => reason)).toEqual(Array(5).fill('address-throttle'));
    expect(await ask(other, 'skipped')).toBe('done');
  });

  it('DR-05 are not refilled for who comes back', async () => {
    // Only the limits of the events are remembered for as long as that.
    const rule = [{ limit: 100, ttl: 1000 }];
    const { open, clock, gateway: handler } = await start(gateway, { principal: rule, address: rule });
    const first = await open('alice');
    for (const event of ['nest', 'by-address']) expect(await ask(first, event)).toBe('done');
    first.disconnect();
    await until(() => handler.left === 1, 'the socket is gone');
    clock.advance(50_000);
    const again = await open('alice');
    for (const event of ['nest', 'by-address']) expect(await ask(again, event)).toBe('THROTTLED');
  });

  it.each(['by-connection', 'nest', 'by-address'])(
    'DR-05 F43 are not refilled by a renewed token: %s',
    async (event) => {
      const { open } = await start(gateway);
      const socket = await open('alice');
      expect(await ask(socket, event)).toBe('done');
      expect(await ask(socket, 'renew')).toBe('done');
      expect(await ask(socket, event)).toBe('THROTTLED');
    },
  );

  it.each<readonly [one: string, same: string, other: string]>([
    ['192.0.2.1', '198.51.100.9, 192.0.2.1', '192.0.2.2'],
    ['2001:db8:0:1::1', '2001:db8:0:1::2', '2001:db8:0:2::1'],
    ['::ffff:192.0.2.1', '192.0.2.1', '::ffff:192.0.2.2'],
  ])('DR-05 HS-14 leave room behind a proxy for who has another address: %s', async (one, same, other) => {
    const { open } = await start(gateway);
    expect(await ask(await open('mallory', one), 'by-address')).toBe('done');
    expect(await ask(await open('mallory', same), 'by-address')).toBe('THROTTLED');
    expect(await ask(await open('bob', other), 'by-address')).toBe('done');
  });

  it.each<readonly [what: string, answer: () => unknown]>([
    ['NaN', () => NaN],
    ['a rejection', () => Promise.reject(new Error('away'))],
    [
      'an exception',
      () => {
        throw new Error('away');
      },
    ],
  ])('DR-05 AZ-09 refuse and are audited where they are %s', async (_what, found) => {
    answer = found;
    const { open, sink, gateway: handler } = await start(gateway);
    expect(await ask(await open('alice'), 'computed')).toBe('FORBIDDEN');
    expect(sink.ofType('ws.message.refused')).toMatchObject([{ reason: 'throttle-failed' }]);
    expect(handler.handled).toBe(0);
  });

  it('DR-09 refuse in time where they never come', async () => {
    let asked = 0;
    answer = () => {
      asked++;
      return new Promise(() => undefined);
    };
    const { open, sink, clock } = await start(gateway);
    const asking = ask(await open('alice'), 'computed');
    await until(() => asked === 1, 'the limit is asked for');
    clock.advance(5500);
    expect(await asking).toBe('FORBIDDEN');
    expect(sink.ofType('ws.message.refused')).toMatchObject([{ reason: 'throttle-failed' }]);
  });

  it('DR-05 report where they only report', async () => {
    const { open, sink } = await start(gateway);
    const socket = await open('alice');
    for (let i = 0; i < 3; i++) expect(await ask(socket, 'reported')).toBe('done');
    expect(sink.ofType('ws.message.reported').map(({ reason }) => reason)).toEqual([
      'event-throttle',
      'event-throttle',
    ]);
  });

  it('DR-05 honour @Throttle and @SkipThrottle', async () => {
    const { open } = await start(gateway);
    const socket = await open('alice');
    expect([await ask(socket, 'nest'), await ask(socket, 'nest')]).toEqual(['done', 'THROTTLED']);
    for (let i = 0; i < 5; i++) expect(await ask(socket, 'skipped')).toBe('done');
  });

  it.each<readonly [what: string, increment: () => Promise<never>]>([
    ['rejects', () => Promise.reject(new Error('away'))],
    ['answers nonsense', () => Promise.resolve('yes' as never)],
    [
      'throws',
      () => {
        throw new Error('away');
      },
    ],
  ])('DR-17 refuse where a storage %s', async (_what, increment) => {
    const { open, sink, gateway: handler } = await start(gateway, { storage: { increment } });
    expect(await ask(await open('alice'), 'nest')).toBe('FORBIDDEN');
    expect(sink.ofType('ws.message.refused')).toMatchObject([{ reason: 'throttler-storage-failed' }]);
    expect(handler.handled).toBe(0);
  });

  it('DR-17 DR-09 refuse in time where a storage hangs, and its late answer runs nothing and charges nobody', async () => {
    const late = deferred<ThrottlerStorageAnswer>();
    let asked = 0;
    const storage = {
      increment: () => {
        asked++;
        return late.promise;
      },
    };
    const { open, sink, clock, gateway: handler } = await start(gateway, { storage, violations: { budget: 1 } });
    const socket = await open('alice');
    for (let i = 1; i <= 3; i++) {
      const asking = ask(socket, 'nest');
      await until(() => asked === i, 'the storage is asked');
      clock.advance(5500);
      expect(await asking).toBe('FORBIDDEN');
    }
    late.resolve({ totalHits: 1, timeToExpire: 1, isBlocked: false, timeToBlockExpire: 0 });
    expect(await ask(socket, 'skipped')).toBe('done');
    expect(handler.handled).toBe(1);
    expect(sink.ofType('ws.message.refused').map(({ reason }) => reason)).toEqual(
      Array(3).fill('throttler-storage-failed'),
    );
    expect(sink.ofType('ws.violations.exceeded')).toEqual([]);
  });
});
