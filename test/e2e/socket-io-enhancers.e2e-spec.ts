import { createSecretKey, randomBytes } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CanActivate, Injectable, UseFilters, UseGuards, UsePipes, ValidationPipe } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { Test } from '@nestjs/testing';
import {
  ConnectedSocket,
  MessageBody,
  type OnGatewayInit,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import { Transform } from 'class-transformer';
import { IsInt, IsString, Length, Max, Min } from 'class-validator';
import { io, type Socket } from 'socket.io-client';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { deferred } from '../support/deferred.js';
import { RecordingSink } from '../support/recording-sink.js';
import {
  deny,
  grant,
  type Principal,
  SecureWsModule,
  type SecureWsOptions,
  WsAbortSignal,
  WsApplicationError,
  WsAuthorize,
  type WsPolicy,
  type WsPolicyContext,
  WsPrincipal,
  WsResource,
  WsThrottle,
} from '../../packages/nestjs/src/index.js';
import {
  WsAuthorizeGuard,
  WsExceptionsFilter,
  WsSocketIdentities,
  WsValidationPipe,
} from '../../packages/nestjs/src/socket-io/index.js';

class Order {
  @IsString()
  @Length(1, 36)
  accountId!: string;

  @IsInt()
  @Min(1)
  @Max(100)
  quantity!: number;
}

@Injectable()
class Owner implements WsPolicy<Order, { id: string }> {
  authorize({ data, principal }: WsPolicyContext<Order>) {
    return data instanceof Order && data.accountId === principal.id ? grant({ id: data.accountId }) : deny();
  }
}

/** In euros on the wire, in cents from here on. */
class Payment {
  @Transform(({ value }) => (value as number) * 100)
  @IsInt()
  cents!: number;
}

@Injectable()
class WaitingPolicy implements WsPolicy {
  static reached = deferred<void>();
  static goOn = deferred<void>();

  async authorize(): Promise<boolean> {
    WaitingPolicy.reached.resolve();
    await WaitingPolicy.goOn.promise;
    return true;
  }
}

@Injectable()
class WaitingGuard implements CanActivate {
  static signal: AbortSignal | undefined;

  canActivate(): boolean {
    return true;
  }
}

class Renewal {
  @IsString()
  token!: string;
}

interface IoServer {
  use(middleware: (socket: IoSocket, next: (error?: Error) => void) => void): void;
}

interface IoSocket {
  readonly handshake: { readonly auth: { readonly token?: unknown } };
  readonly request: IncomingMessage;
}

@UseGuards(WsAuthorizeGuard)
@UsePipes(WsValidationPipe, new ValidationPipe({ transform: true }))
@UseFilters(WsExceptionsFilter)
@WebSocketGateway({ namespace: '/orders' })
class OrdersGateway implements OnGatewayInit {
  constructor(private readonly identities: WsSocketIdentities) {}

  afterInit(server: IoServer): void {
    server.use((socket, next) => {
      const { token } = socket.handshake.auth;
      if (typeof token !== 'string') {
        next();
        return;
      }
      void this.#admit(socket, token, next);
    });
  }

  async #admit(socket: IoSocket, token: string, next: (error?: Error) => void): Promise<void> {
    const isKnown = await this.identities.authenticate(socket, token, socket.request).then(
      () => true,
      () => false,
    );
    next(isKnown ? undefined : new Error('unauthorized'));
  }

  @WsAuthorize(Owner)
  @WsThrottle({ limit: 3, ttl: 60_000 })
  @SubscribeMessage('order.place')
  place(@MessageBody() order: Order, @WsResource() account: { id: string }, @WsPrincipal() principal: Principal) {
    return { event: 'placed', data: { isDto: order instanceof Order, account: account.id, by: principal.id } };
  }

  @WsAuthorize({ roles: ['admin'] })
  @SubscribeMessage('admin')
  admin() {
    return { event: 'admin', data: true };
  }

  @WsAuthorize()
  @SubscribeMessage('pay')
  pay(@MessageBody() payment: Payment): unknown {
    return { event: 'paid', data: payment.cents };
  }

  @WsAuthorize()
  @UseGuards(WaitingGuard)
  @SubscribeMessage('wait')
  wait(@WsAbortSignal() signal: AbortSignal): unknown {
    WaitingGuard.signal = signal;
    return { event: 'waited', data: true };
  }

  @WsAuthorize(WaitingPolicy)
  @SubscribeMessage('judged')
  judged(): unknown {
    return { event: 'judged', data: true };
  }

  @WsAuthorize()
  @SubscribeMessage('renew')
  async renew(@ConnectedSocket() socket: IoSocket, @MessageBody() renewal: Renewal): Promise<unknown> {
    await this.identities.authenticate(socket, renewal.token, socket.request).catch(() => undefined);
    return { event: 'renewed', data: true };
  }

  @WsAuthorize()
  @SubscribeMessage('full')
  full(): never {
    throw new WsApplicationError('ROOM_FULL');
  }

  @WsAuthorize()
  @SubscribeMessage('fail')
  fail(): never {
    throw new Error('db password=hunter2');
  }
}

const secret = createSecretKey(randomBytes(32));
const open: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

const audit = new RecordingSink();

async function connect(token: string | undefined, options: Partial<SecureWsOptions> = {}): Promise<Socket> {
  audit.events.length = 0;
  const module = await Test.createTestingModule({
    imports: [
      SecureWsModule.forRoot({
        adapter: false,
        authentication: {
          jwt: { secret, algorithms: ['HS256'], issuer: 'https://id.example.com', audience: 'orders' },
        },
        events: { sinks: [audit] },
        ...options,
      }),
    ],
    providers: [OrdersGateway, Owner, WaitingGuard, WaitingPolicy],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  app.useWebSocketAdapter(new IoAdapter(app));
  await app.listen(0, '127.0.0.1');
  open.push(() => app.close());
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  const socket = io(`http://127.0.0.1:${port}/orders`, {
    auth: { token },
    transports: ['websocket'],
    reconnection: false,
  });
  open.push(() => {
    socket.disconnect();
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return socket;
}

const tokenOf = (id: string): Promise<string> =>
  new JwtService({ secret: secret as never }).signAsync(
    { sub: id },
    { issuer: 'https://id.example.com', audience: 'orders', expiresIn: '5m' },
  );

function answer(
  socket: Socket,
  event: string,
  data?: unknown,
): Promise<{ event: string; data: Record<string, unknown> }> {
  return new Promise((resolve) => {
    socket.onAny((name: string, reply: Record<string, unknown>) => {
      socket.offAny();
      resolve({ event: name, data: reply });
    });
    socket.emit(event, data);
  });
}

describe('the enhancers on Socket.IO', () => {
  it('AZ-04 MV-03 hands the validated payload, the resource and the principal to the handler', async () => {
    const socket = await connect(await tokenOf('alice'));
    expect(await answer(socket, 'order.place', { accountId: 'alice', quantity: 3 })).toEqual({
      event: 'placed',
      data: { isDto: true, account: 'alice', by: 'alice' },
    });
  });

  it.each([
    ['AZ-04 an object of somebody else', 'order.place', { accountId: 'bob', quantity: 3 }, 'FORBIDDEN'],
    [
      'MV-03 an unknown property',
      'order.place',
      { accountId: 'alice', quantity: 3, isAdmin: true },
      'VALIDATION_FAILED',
    ],
    ['MV-08 no payload', 'order.place', undefined, 'VALIDATION_FAILED'],
    ['AZ-01 a role that is not there', 'admin', undefined, 'FORBIDDEN'],
    ['OD-01 a handler that fails', 'fail', undefined, 'INTERNAL'],
  ])('%s is answered with an error event', async (_, event, data, code) => {
    const socket = await connect(await tokenOf('alice'));
    const reply = await answer(socket, event, data);
    expect(reply.event).toBe('error');
    expect(reply.data['code']).toBe(code);
    expect(JSON.stringify(reply)).not.toContain('hunter2');
  });

  it('MV-04 refuses keys that reach for a prototype', async () => {
    const socket = await connect(await tokenOf('alice'));
    const payload = JSON.parse('{"accountId":"alice","quantity":3,"__proto__":{"isAdmin":true}}') as unknown;
    expect((await answer(socket, 'order.place', payload)).data['code']).toBe('BAD_MESSAGE');
  });

  it('AN-02 AZ-09 refuses every message of a socket without an identity', async () => {
    const socket = await connect(undefined);
    const reply = await answer(socket, 'order.place', { accountId: 'alice', quantity: 3 });
    expect(reply.data['code']).toBe('FORBIDDEN');
  });

  it('counts the throttle of an event', async () => {
    const socket = await connect(await tokenOf('alice'));
    for (let i = 0; i < 3; i++) {
      expect((await answer(socket, 'order.place', { accountId: 'alice', quantity: 1 })).event).toBe('placed');
    }
    const refused = await answer(socket, 'order.place', { accountId: 'alice', quantity: 1 });
    expect(refused.data['code']).toBe('THROTTLED');
    expect(refused.data['retryAfterMs']).toBeGreaterThan(0);
  });

  it('MV-18 AZ-11 F11 transforms nothing that was judged a second time', async () => {
    const socket = await connect(await tokenOf('alice'));
    expect(await answer(socket, 'pay', { cents: 5 })).toEqual({ event: 'paid', data: 500 });
  });

  it('F34 acknowledges a refusal, where the client asked for an acknowledgement', async () => {
    const socket = await connect(await tokenOf('alice'));
    const ask = (event: string, data: unknown): Promise<unknown> => socket.timeout(5000).emitWithAck(event, data);
    expect(await ask('admin', null)).toMatchObject({ event: 'error', data: { code: 'FORBIDDEN' } });
    expect(await ask('full', null)).toMatchObject({
      event: 'error',
      data: { code: 'APPLICATION', reason: 'ROOM_FULL' },
    });
    expect(await ask('fail', null)).toMatchObject({ event: 'error', data: { code: 'INTERNAL' } });
  });

  it('MO-02 MO-03 F39 audits each refusal once, under its own reason and the id that the client sees', async () => {
    const socket = await connect(await tokenOf('alice'));
    const replies = [
      await answer(socket, 'admin'),
      await answer(socket, 'order.place', { accountId: 'bob', quantity: 3 }),
      await answer(socket, 'order.place', { accountId: 'bob' }),
      await answer(socket, 'fail'),
    ];
    const refused = audit.ofType('ws.message.refused');
    expect(refused.map(({ reason, event, missing }) => [reason, event, missing])).toEqual([
      ['claims', 'admin', 'role admin'],
      ['policy', 'order.place', undefined],
      ['payload', 'order.place', undefined],
      ['handler-failed', 'fail', undefined],
    ]);
    expect(refused.map(({ correlationId }) => correlationId)).toEqual(replies.map(({ data }) => data['correlationId']));
  });

  it.each<readonly [what: string, data: unknown]>([
    ['binary data', Buffer.alloc(950_000)],
    ['binary data inside', { accountId: 'alice', quantity: 3, note: Buffer.alloc(10) }],
    ['a text that is too large', { accountId: 'x'.repeat(70_000), quantity: 3 }],
    ['too many values', { accountId: 'alice', quantity: 3, list: Array(2000).fill(0) }],
    [
      'too much depth',
      { accountId: 'alice', quantity: 3, deep: JSON.parse('['.repeat(30) + ']'.repeat(30)) as unknown },
    ],
  ])('MV-06 DR-01 F32 refuses %s without writing it out', async (_what, data) => {
    const socket = await connect(await tokenOf('alice'));
    expect((await answer(socket, 'order.place', data)).data['code']).toBe('BAD_MESSAGE');
  });

  it('DR-01 F32 looks at the size of binary data, and does not write it out', async () => {
    const written = vi.spyOn(Buffer.prototype, 'toJSON');
    onTestFinished(() => {
      written.mockRestore();
    });
    const socket = await connect(await tokenOf('alice'));
    expect((await answer(socket, 'order.place', Buffer.alloc(950_000))).data['code']).toBe('BAD_MESSAGE');
    expect(written).not.toHaveBeenCalled();
  });

  it('DR-05 counts what a principal sends over all of its sockets, and MV-17 disconnects after too many violations', async () => {
    const throttling = { principal: [{ limit: 2, ttl: 60_000 }], violations: { budget: 4, decayPerSecond: 1 } };
    const socket = await connect(await tokenOf('alice'), { throttling });
    await answer(socket, 'pay', { cents: 1 });
    await answer(socket, 'pay', { cents: 1 });
    expect((await answer(socket, 'pay', { cents: 1 })).data['code']).toBe('THROTTLED');
    const gone = new Promise((resolve) => socket.once('disconnect', resolve));
    for (let i = 0; i < 5; i++) socket.emit('pay', { cents: 1 });
    await gone;
    expect(audit.ofType('ws.violations.exceeded')).toHaveLength(1);
  });

  it('MV-17 tells once of too many violations, and disconnects nobody, where their budget only reports', async () => {
    const violations = { mode: 'report', budget: 1, decayPerSecond: 0.01 } as const;
    const throttling = { principal: [{ limit: 1, ttl: 60_000 }], violations };
    const socket = await connect(await tokenOf('alice'), { throttling });
    await answer(socket, 'pay', { cents: 1 });
    for (let i = 0; i < 6; i++) {
      expect((await answer(socket, 'pay', { cents: 1 })).data['code']).toBe('THROTTLED');
    }
    expect(audit.ofType('ws.violations.reported')).toMatchObject([
      { chargedTo: 'principal', score: expect.closeTo(2, 1) as number },
    ]);
    expect(audit.ofType('ws.violations.exceeded')).toEqual([]);
    expect(socket.connected).toBe(true);
  });

  it('AZ-01 MV-02 F16 only reports on a gateway under migration, and hands over what was sent', async () => {
    const until = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10);
    const socket = await connect(await tokenOf('bob'), { migration: { gateways: [OrdersGateway], until } });
    expect(await answer(socket, 'order.place', { accountId: 'alice', quantity: 3 })).toMatchObject({ event: 'error' });
    expect(await answer(socket, 'admin')).toEqual({ event: 'admin', data: true });
    // Reported by us, and refused by the ValidationPipe of the application, as it was before.
    expect(await answer(socket, 'pay', { cents: 'much' })).toMatchObject({ event: 'error' });
    expect(await answer(socket, 'pay', { cents: 3 })).toEqual({ event: 'paid', data: 300 });
    expect(audit.ofType('ws.message.reported').map(({ reason }) => reason)).toEqual(['policy', 'claims', 'payload']);
  });

  it('SL-12 DR-09 fires the abort signal when the socket is gone', async () => {
    const socket = await connect(await tokenOf('alice'));
    expect(await answer(socket, 'wait')).toEqual({ event: 'waited', data: true });
    const { signal } = WaitingGuard;
    expect(signal?.aborted).toBe(false);
    const fired = new Promise((resolve) => {
      signal?.addEventListener('abort', resolve);
    });
    socket.disconnect();
    await fired;
  });

  it('AZ-15 F43 runs no handler for an identity that was taken away while a policy judged', async () => {
    const socket = await connect(await tokenOf('alice'));
    const replies: unknown[] = [];
    socket.onAny((event: string, data: { code?: string }) => replies.push([event, data.code]));
    socket.emit('judged', null);
    await WaitingPolicy.reached.promise;
    const renewed = new Promise((resolve) => socket.once('renewed', resolve));
    socket.emit('renew', { token: 'rubbish' });
    await renewed;
    const refused = new Promise((resolve) => socket.once('error', resolve));
    WaitingPolicy.goOn.resolve();
    await refused;
    expect(replies).toEqual([
      ['renewed', undefined],
      ['error', 'FORBIDDEN'],
    ]);
  });

  it('DR-05 F43 does not start the throttle of a connection over with a renewed token', async () => {
    const throttling = { connection: [{ limit: 3, ttl: 60_000 }] };
    const socket = await connect(await tokenOf('alice'), { throttling });
    await answer(socket, 'pay', { cents: 1 });
    await answer(socket, 'renew', { token: await tokenOf('alice') });
    await answer(socket, 'pay', { cents: 1 });
    expect((await answer(socket, 'pay', { cents: 1 })).data['code']).toBe('THROTTLED');
  });
});
