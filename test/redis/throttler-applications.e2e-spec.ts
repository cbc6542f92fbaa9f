import { once } from 'node:events';
import { ThrottlerStorageRedisService } from '@nest-lab/throttler-storage-redis';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize, WsThrottle } from '@secure-ws/nestjs';
import { secureWsRedis } from '@secure-ws/redis';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CLUSTER_KEY } from '../support/cluster-key.js';
import { expectError } from '../support/error-frame.js';
import { connect } from '../support/queueing-client.js';
import { RedisServer } from '../support/redis-server.js';
import { startApp } from '../support/start-app.js';

/** The same in every application: its class, its path, its event and who calls it. */
@WebSocketGateway({ path: '/chat' })
@WsAuthorize()
class ChatGateway {
  @WsThrottle({ limit: 2, ttl: 60_000 })
  @SubscribeMessage('send')
  send(): void {}
}

/** What tells an application from others on one Redis. */
interface Names {
  readonly prefix?: string;
  readonly keyPrefix?: string;
}

/** Starts an application, and gives what asks it. */
async function startNode(server: RedisServer, { prefix, keyPrefix }: Names): Promise<() => Promise<boolean>> {
  const redis = new Redis(server.path, { ...(keyPrefix !== undefined && { keyPrefix }) });
  await once(redis, 'ready');
  const store =
    prefix === undefined ? undefined : await secureWsRedis({ url: server.url, prefix, clusterKey: CLUSTER_KEY });
  onTestFinished(() => {
    redis.disconnect();
    store?.close();
  });
  const { url, token } = await startApp({
    providers: [ChatGateway],
    options: {
      throttling: { storage: new ThrottlerStorageRedisService(redis) },
      ...(store !== undefined && { store: { shared: store } }),
    },
  });
  const client = await connect(`${url}/chat`, { token: token({ sub: 'alice' }) });
  return async () => {
    const reply = await client.request('send');
    if (reply.event === 'send') return true;
    expectError(reply, 'THROTTLED');
    return false;
  };
}

describe('applications with a ThrottlerStorage on one Redis', () => {
  it.each<readonly [by: string, one: Names, other: Names]>([
    ['the prefix of their shared stores', { prefix: 'chat' }, { prefix: 'shop' }],
    ['the keyPrefix of their clients', { keyPrefix: 'chat:' }, { keyPrefix: 'shop:' }],
  ])('DR-05 are told apart by %s, and nodes of one count together', async (_, one, other) => {
    const server = await RedisServer.start();
    const [first, second, beside] = [
      await startNode(server, one),
      await startNode(server, one),
      await startNode(server, other),
    ];
    expect([await first(), await second(), await first(), await second()]).toEqual([true, true, false, false]);
    expect([await beside(), await beside(), await beside()]).toEqual([true, true, false]);
  });
});
