import type { EventEmitter } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Injectable, UseFilters, UseGuards } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { Test } from '@nestjs/testing';
import { MessageBody, type OnGatewayInit, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { IsArray, IsString } from 'class-validator';
import { io, type Socket } from 'socket.io-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  allOf,
  anyOf,
  Clock,
  minutes,
  SecureWsModule,
  SystemClock,
  WsAbortSignal,
  WsAuthorize,
  WsBatchPolicy,
  type WsPolicy,
  WsResource,
  wsRules,
  WsStepUp,
} from '../../packages/nestjs/src/index.js';
import { WsAuthorizeGuard, WsExceptionsFilter, WsSocketIdentities } from '../../packages/nestjs/src/socket-io/index.js';
import { FakeClock } from '../support/fake-clock.js';
import { until } from '../support/patience.js';
import { RecordingSink } from '../support/recording-sink.js';
import type { TestOptions } from '../support/start-app.js';
import { TEST_JWT, type TestClaims, testToken } from '../support/test-token.js';

interface IoSocket {
  readonly handshake: { readonly auth: { readonly token?: unknown } };
  readonly request: IncomingMessage;
}

interface IoServer {
  use(middleware: (socket: IoSocket, next: (error?: Error) => void) => void): void;
}

class Ids {
  @IsArray()
  @IsString({ each: true })
  ids!: string[];
}

@Injectable()
class OwnItems extends WsBatchPolicy<Ids, { id: string; ownerId: string }> {
  protected idsOf({ ids }: Ids) {
    return ids;
  }

  protected find(ids: readonly string[]) {
    return ids.filter((id) => id !== 'gone').map((id) => ({ id, ownerId: id.startsWith('a') ? 'alice' : 'bob' }));
  }

  protected idOf({ id }: { id: string }) {
    return id;
  }

  protected allows({ ownerId }: { ownerId: string }) {
    return ownerId === 'alice';
  }
}

@Injectable()
class Throwing implements WsPolicy {
  authorize(): boolean {
    throw new Error('broken');
  }
}

@Injectable()
class Nobody implements WsPolicy {
  authorize(): boolean {
    return false;
  }
}

@UseGuards(WsAuthorizeGuard)
@UseFilters(WsExceptionsFilter)
@WebSocketGateway({ namespace: '/items' })
class ItemsGateway implements OnGatewayInit {
  static socket: IoSocket | undefined;
  static signal: AbortSignal | undefined;

  constructor(private readonly identities: WsSocketIdentities) {}

  afterInit(server: IoServer): void {
    server.use((socket, next) => {
      ItemsGateway.socket = socket;
      void this.#admit(socket, next);
    });
  }

  async #admit(socket: IoSocket, next: (error?: Error) => void): Promise<void> {
    const isKnown = await this.identities
      .authenticate(socket, String(socket.handshake.auth.token), socket.request)
      .then(
        () => true,
        () => false,
      );
    next(isKnown ? undefined : new Error('unauthorized'));
  }

  @WsAuthorize(OwnItems)
  @SubscribeMessage('delete')
  delete(@MessageBody() _: Ids, @WsResource() items: readonly { id: string }[]): unknown {
    return { event: 'deleted', data: items.map(({ id }) => id) };
  }

  @WsAuthorize(anyOf(Throwing, allOf({ roles: ['admin'] }, { scopes: ['items'] })))
  @SubscribeMessage('either')
  either(): unknown {
    return { event: 'either', data: true };
  }

  @WsStepUp({ maxAgeMs: minutes(5) })
  @WsAuthorize()
  @SubscribeMessage('close')
  close(): unknown {
    return { event: 'closed', data: true };
  }

  @WsAuthorize({ shadow: Nobody })
  @SubscribeMessage('tried')
  tried(@WsAbortSignal() signal: AbortSignal): unknown {
    ItemsGateway.signal = signal;
    return { event: 'tried', data: true };
  }

  // The table alone decides about these two.
  @SubscribeMessage('admin.purge')
  purge(): unknown {
    return { event: 'purged', data: true };
  }

  @SubscribeMessage('forgotten')
  forgotten(): unknown {
    return { event: 'forgotten', data: true };
  }
}

async function start({ clock = new SystemClock(), options = {} }: { clock?: Clock; options?: TestOptions } = {}) {
  const audit = new RecordingSink();
  const rules = wsRules().event('admin.*').roles('admin').event('forgotten').deny().anyEvent().authenticated();
  const module = await Test.createTestingModule({
    imports: [
      SecureWsModule.forRoot({
        adapter: false,
        authentication: { jwt: TEST_JWT },
        authorization: { rules },
        events: { sinks: [audit] },
        ...options,
      }),
    ],
    providers: [ItemsGateway, OwnItems, Throwing, Nobody],
  })
    .overrideProvider(Clock)
    .useValue(clock)
    .compile();
  const app = module.createNestApplication({ logger: false });
  app.useWebSocketAdapter(new IoAdapter(app));
  await app.listen(0, '127.0.0.1');
  onTestFinished(() => app.close());
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  const open = async (claims: TestClaims = {}): Promise<Socket> => {
    const socket = io(`http://127.0.0.1:${port}/items`, {
      auth: { token: testToken(claims) },
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
    });
    onTestFinished(() => void socket.disconnect());
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    return socket;
  };
  return { audit, open, identities: app.get(WsSocketIdentities) };
}

function answer(socket: Socket, event: string, data?: unknown): Promise<[event: string, data: unknown]> {
  return new Promise((resolve) => {
    socket.onAny((name: string, reply: { code?: unknown }) => {
      socket.offAny();
      resolve([name, name === 'error' ? reply.code : reply]);
    });
    socket.emit(event, data);
  });
}

describe('authorization on Socket.IO', () => {
  it('AZ-04 judges several objects at once, all or none', async () => {
    const { open } = await start();
    const socket = await open();
    expect(await answer(socket, 'delete', { ids: ['a2', 'a1'] })).toEqual(['deleted', ['a2', 'a1']]);
    expect(await answer(socket, 'delete', { ids: ['a1', 'b1'] })).toEqual(['error', 'FORBIDDEN']);
    expect(await answer(socket, 'delete', { ids: ['a1', 'gone'] })).toEqual(['error', 'FORBIDDEN']);
  });

  it('AZ-09 takes an alternative that throws for a no', async () => {
    const { audit, open } = await start();
    expect(await answer(await open(), 'either')).toEqual(['error', 'FORBIDDEN']);
    expect(await answer(await open({ roles: ['admin'], scope: 'items' }), 'either')).toEqual(['either', true]);
    expect(audit.ofType('ws.policy.failed')).toMatchObject([{ policy: 'Throwing' }, { policy: 'Throwing' }]);
  });

  it('AZ-01 obeys the rule table', async () => {
    const { open } = await start();
    expect(await answer(await open(), 'admin.purge')).toEqual(['error', 'FORBIDDEN']);
    const admin = await open({ roles: ['admin'] });
    expect(await answer(admin, 'admin.purge')).toEqual(['purged', true]);
    expect(await answer(admin, 'forgotten')).toEqual(['error', 'FORBIDDEN']);
  });

  it('AZ-14 asks for a recent log-in, and goes on with the next one', async () => {
    const { open, identities } = await start();
    const now = Math.floor(Date.now() / 1000);
    const socket = await open({ auth_time: now - 3600 });
    expect(await answer(socket, 'close')).toEqual(['error', 'STEP_UP_REQUIRED']);
    const server = ItemsGateway.socket as IoSocket;
    await identities.authenticate(server, testToken({ auth_time: now, expiresInSeconds: 900 }), server.request);
    expect(await answer(socket, 'close')).toEqual(['closed', true]);
  });

  it('AZ-15 DR-16 leaves nothing behind of the identities that a socket has had', async () => {
    const { open, identities } = await start();
    const socket = await open();
    const server = ItemsGateway.socket as IoSocket & EventEmitter;
    expect(await answer(socket, 'tried')).toEqual(['tried', true]);
    const before = server.listenerCount('disconnect');
    for (let round = 1; round <= 12; round++) {
      await identities.authenticate(server, testToken({ expiresInSeconds: 300 + round }), server.request);
      expect(await answer(socket, 'tried')).toEqual(['tried', true]);
    }
    expect(server.listenerCount('disconnect')).toBe(before);
    // The last of them is what ends with the socket.
    const { signal } = ItemsGateway;
    expect(signal?.aborted).toBe(false);
    socket.disconnect();
    await until(() => signal?.aborted === true, 'the signal has fired');
  });

  it('SL-02 AZ-02 AZ-15 refuses the next message of an identity that has ended, and disconnects', async () => {
    const clock = new FakeClock(Date.now());
    const { audit, open } = await start({ clock });
    const socket = await open({ expiresInSeconds: 60, nowMs: clock.now() });
    expect(await answer(socket, 'delete', { ids: ['a1'] })).toEqual(['deleted', ['a1']]);
    const ended = new Promise<void>((resolve) => void socket.once('disconnect', () => resolve()));
    // The timer that disconnects for it has not looked yet.
    clock.stepWallClock(60_000);
    socket.emit('delete', { ids: ['a1'] });
    await ended;
    expect(audit.ofType('ws.message.refused')).toMatchObject([{ code: 'FORBIDDEN', reason: 'identity-expired' }]);
  });

  it('MV-18 looks at the size of a message before its limits', async () => {
    const { audit, open } = await start({ options: { throttling: { connection: [{ limit: 1, ttl: 600_000 }] } } });
    const socket = await open();
    expect(await answer(socket, 'delete', { ids: ['a1'] })).toEqual(['deleted', ['a1']]);
    expect(await answer(socket, 'delete', { ids: ['x'.repeat(70_000)] })).toEqual(['error', 'BAD_MESSAGE']);
    expect(audit.ofType('ws.message.refused').at(-1)).toMatchObject({ reason: 'message-size' });
    expect(await answer(socket, 'delete', { ids: ['a1'] })).toEqual(['error', 'THROTTLED']);
  });

  it('AZ-02 tries a rule without obeying it', async () => {
    const { audit, open } = await start();
    expect(await answer(await open(), 'tried')).toEqual(['tried', true]);
    await until(() => audit.ofType('ws.policy.differed').length === 1, 'the difference is told');
    expect(audit.ofType('ws.policy.differed')).toMatchObject([{ policy: 'Nobody', outcome: 'would-refuse' }]);
  });
});
