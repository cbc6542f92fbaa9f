import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { ThrottlerStorageRedisService } from '@nest-lab/throttler-storage-redis';
import { UseFilters, UseGuards } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { type OnGatewayInit, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { SecureWsModule, type ThrottlingOptions, WsAuthorize, WsThrottle } from '@secure-ws/nestjs';
import { WsAuthorizeGuard, WsExceptionsFilter, WsSocketIdentities } from '@secure-ws/nestjs/socket-io';
import { Redis } from 'ioredis';
import { io } from 'socket.io-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { watchForCrashes } from '../support/crash-watch.js';
import { FakeClock } from '../support/fake-clock.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { RecordingSink } from '../support/recording-sink.js';
import { RedisServer } from '../support/redis-server.js';
import { startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

const LIMIT = 4;
const MINUTE = 60_000;

/** What both gateways have. */
abstract class Events {
  handled = 0;

  @WsAuthorize()
  @WsThrottle({ limit: LIMIT, ttl: MINUTE })
  @SubscribeMessage('limited')
  limited(): string {
    this.handled++;
    return 'done';
  }

  @WsAuthorize()
  @WsThrottle({ limit: 100, ttl: MINUTE, by: 'connection' })
  @SubscribeMessage('of-the-node')
  ofTheNode(): string {
    return 'done';
  }
}

@WebSocketGateway({ path: '/events' })
class OwnGateway extends Events {}

interface IoServer {
  use(middleware: (socket: IoSocket, next: (error?: Error) => void) => void): void;
}

interface IoSocket {
  readonly handshake: { readonly auth: { readonly token?: unknown } };
  readonly request: IncomingMessage;
}

@UseGuards(WsAuthorizeGuard)
@UseFilters(WsExceptionsFilter)
@WebSocketGateway()
class IoGateway extends Events implements OnGatewayInit {
  constructor(private readonly identities: WsSocketIdentities) {
    super();
  }

  afterInit(server: IoServer): void {
    server.use((socket, next) => {
      void (async () => next(await this.#admit(socket)))();
    });
  }

  async #admit(socket: IoSocket): Promise<Error | undefined> {
    try {
      await this.identities.authenticate(socket, String(socket.handshake.auth.token), socket.request);
      return undefined;
    } catch {
      return new Error('unauthorized');
    }
  }
}

/** The storage that applications install, and how often it was asked. */
class CountedStorage extends ThrottlerStorageRedisService {
  asked = 0;

  override increment(...args: Parameters<ThrottlerStorageRedisService['increment']>) {
    this.asked++;
    return super.increment(...args);
  }
}

/** A connection of a client to one node. */
interface Connection {
  /** `done`, or the code of the refusal. */
  ask(event: string): Promise<unknown>;
  isOpen(): boolean;
  close(): Promise<void>;
}

/** One application with a Redis client of its own. */
interface ThrottledNode {
  readonly clock: FakeClock;
  readonly sink: RecordingSink;
  readonly storage: CountedStorage;
  readonly redis: Redis;
  readonly gateway: Events;
  open(sub?: string): Promise<Connection>;
}

/** Whoever were charged for a single refusal of a Redis that is away would be closed. */
const ONE_VIOLATION: ThrottlingOptions = { violations: { budget: 1 } };

/** Starts one application. */
type Start = (server: RedisServer, throttling?: ThrottlingOptions) => Promise<ThrottledNode>;

function clientOf(server: RedisServer): { readonly redis: Redis; readonly storage: CountedStorage } {
  // As docs/guide/throttling.md has it: who cannot be asked now is not asked later.
  const redis = new Redis(server.path, { enableOfflineQueue: false, maxRetriesPerRequest: 0 });
  redis.on('error', () => undefined);
  onTestFinished(() => {
    redis.disconnect();
  });
  return { redis, storage: new CountedStorage(redis) };
}

const startOwn: Start = async (server, throttling) => {
  const { redis, storage } = clientOf(server);
  const clock = new FakeClock(Date.now());
  const running = await startApp({
    providers: [OwnGateway],
    clock,
    options: { throttling: { ...throttling, storage }, lifecycle: { pingIntervalMs: 600_000 } },
  });
  await whenReady(redis);
  const open = async (sub = 'alice'): Promise<Connection> => {
    const client = await connect(`${running.url}/events`, { token: running.token({ sub }) });
    const waiting = new Map<unknown, (value: unknown) => void>();
    let last = 0;
    client.socket.on('message', (bytes: Buffer) => {
      const reply = JSON.parse(bytes.toString()) as { event: string; id?: unknown; data?: { code?: unknown } };
      waiting.get(reply.id)?.(reply.event === 'error' ? reply.data?.code : reply.data);
    });
    return {
      ask: (event) =>
        new Promise((resolve) => {
          const id = ++last;
          waiting.set(id, resolve);
          client.send(event, undefined, id);
        }),
      isOpen: () => client.socket.readyState === client.socket.OPEN,
      close: async () => client[Symbol.asyncDispose](),
    };
  };
  return { clock, sink: running.events, storage, redis, gateway: running.app.get(OwnGateway), open };
};

const startIo: Start = async (server, throttling) => {
  const { redis, storage } = clientOf(server);
  const clock = new FakeClock(Date.now());
  const sink = new RecordingSink();
  const running = await startApp({
    providers: [IoGateway],
    clock,
    secureWs: SecureWsModule.forRoot({
      adapter: false,
      authentication: { jwt: TEST_JWT },
      events: { sinks: [sink] },
      throttling: { ...throttling, storage },
    }),
    configure: (app) => app.useWebSocketAdapter(new IoAdapter(app)),
  });
  await whenReady(redis);
  const open = async (sub = 'alice'): Promise<Connection> => {
    const auth = { token: running.token({ sub }) };
    const socket = io(running.httpUrl, { auth, transports: ['websocket'], reconnection: false, forceNew: true });
    onTestFinished(() => void socket.disconnect());
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    return {
      ask: async (event) => {
        const reply = (await socket.timeout(15_000).emitWithAck(event, null)) as string | { data?: { code?: unknown } };
        return typeof reply === 'string' ? reply : reply.data?.code;
      },
      isOpen: () => socket.connected,
      close: () => Promise.resolve(void socket.disconnect()),
    };
  };
  return { clock, sink, storage, redis, gateway: running.app.get(IoGateway), open };
};

async function whenReady(redis: Redis): Promise<void> {
  if (redis.status !== 'ready') await once(redis, 'ready');
}

const askAll = (connection: Connection, times: number): Promise<unknown[]> =>
  Promise.all(Array.from({ length: times }, () => connection.ask('limited')));

const storageFailures = (node: ThrottledNode): number =>
  node.sink.ofType('ws.message.refused').filter(({ reason }) => reason === 'throttler-storage-failed').length;

describe.each<readonly [how: string, start: Start]>([
  ['the adapter of the module', startOwn],
  ['Socket.IO', startIo],
])('a ThrottlerStorage over Redis, with %s', (_how, start) => {
  const twoNodes = async () => {
    const server = await RedisServer.start();
    const [one, two] = await Promise.all([start(server), start(server)]);
    return { server, one, two };
  };

  it('DR-05 DP-06 lets two nodes together pass what one may, however much is sent to both at once', async () => {
    const { one, two } = await twoNodes();
    const [here, there] = [await one.open(), await two.open()];
    const answers = (await Promise.all([askAll(here, LIMIT + 1), askAll(there, LIMIT + 1)])).flat();
    expect(answers.filter((answer) => answer === 'done')).toHaveLength(LIMIT);
    expect(one.gateway.handled + two.gateway.handled).toBe(LIMIT);
    expect(await (await two.open('bob')).ask('limited')).toBe('done');
  });

  it('DR-05 refills nothing for a new connection, to this node or another', async () => {
    const { one, two } = await twoNodes();
    const first = await one.open();
    expect(await askAll(first, LIMIT)).toEqual(Array(LIMIT).fill('done'));
    await first.close();
    for (const node of [one, two]) expect(await (await node.open()).ask('limited')).toBe('THROTTLED');
    // Nobody's name stands in it.
    const keys = await one.redis.keys('*');
    expect(keys.length).toBeGreaterThan(0);
    expect(keys.join()).not.toContain('alice');
    for (const key of keys) expect(await one.redis.pttl(key)).toBeGreaterThan(0);
  });

  it('DR-17 refuses while Redis is killed in the middle, charges nobody, and works once it is back', async () => {
    const crashes = watchForCrashes();
    const server = await RedisServer.start();
    const node = await start(server, ONE_VIOLATION);
    const alice = await node.open();
    expect(await alice.ask('limited')).toBe('done');
    server.freeze();
    const inTheMiddle = askAll(alice, 3);
    await until(() => node.storage.asked >= 2, 'Redis is asked');
    await server.kill();
    expect(await inTheMiddle).toEqual(Array(3).fill('FORBIDDEN'));
    expect(await askAll(alice, 3)).toEqual(Array(3).fill('FORBIDDEN'));
    expect(node.gateway.handled).toBe(1);
    expect(storageFailures(node)).toBe(6);
    expect(node.sink.ofType('ws.message.refused')).toHaveLength(6);
    expect(node.sink.ofType('ws.violations.exceeded')).toEqual([]);
    // What asks no storage goes on, on the same connection.
    expect(await alice.ask('of-the-node')).toBe('done');
    expect(alice.isOpen()).toBe(true);
    await server.start();
    await whenReady(node.redis);
    expect(await alice.ask('limited')).toBe('done');
    expect(crashes).toEqual([]);
  });

  it('DR-17 DR-09 refuses in time while Redis hangs, and runs nothing of it when Redis goes on', async () => {
    const crashes = watchForCrashes();
    const server = await RedisServer.start();
    const node = await start(server, ONE_VIOLATION);
    const alice = await node.open();
    server.freeze();
    for (let i = 1; i <= 2; i++) {
      const asking = alice.ask('limited');
      await until(() => node.storage.asked === i, 'Redis is asked');
      node.clock.advance(5500);
      expect(await asking).toBe('FORBIDDEN');
    }
    expect(storageFailures(node)).toBe(2);
    expect(node.sink.ofType('ws.violations.exceeded')).toEqual([]);
    server.thaw();
    // Redis has counted them: they were sent.
    expect(await askAll(alice, LIMIT - 2)).toEqual(Array(LIMIT - 2).fill('done'));
    expect(node.gateway.handled).toBe(LIMIT - 2);
    expect(await (await node.open()).ask('limited')).toBe('THROTTLED');
    expect(crashes).toEqual([]);
  });
});
