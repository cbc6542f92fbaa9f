import { Module } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { SecureWsModule, WsAuthorize } from '@secure-ws/nestjs';
import { RedisStore, SecureWsRedisModule } from '@secure-ws/redis';
import { createClient } from 'redis';
import { expect, it, onTestFinished, vi } from 'vitest';
import { CLUSTER_KEY } from '../support/cluster-key.js';
import { PATIENCE_MS } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { RecordingSink } from '../support/recording-sink.js';
import { RedisServer } from '../support/redis-server.js';
import { bootFailure, startApp, withDefaults } from '../support/start-app.js';

const REDIS = Symbol('client of the application');

@WsAuthorize()
@WebSocketGateway({ path: '/orders' })
class OrderGateway {
  @SubscribeMessage('order')
  order(): string {
    return 'done';
  }
}

const secureWs = SecureWsModule.forRootAsync({
  inject: [RedisStore],
  useFactory: (shared: RedisStore) => withDefaults({ store: { shared } }, new RecordingSink()),
});

async function openClient(server: RedisServer) {
  const client = createClient({ url: server.url });
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(() => client.destroy());
  return client;
}

it('DP-06 takes the client of the application by injection, and leaves it open', async () => {
  const client = await openClient(await RedisServer.start());
  @Module({ providers: [{ provide: REDIS, useValue: client }], exports: [REDIS] })
  class ClientModule {}
  const redis = SecureWsRedisModule.forRootAsync({
    imports: [ClientModule],
    inject: [REDIS],
    useFactory: (given: typeof client) => ({ client: given, clusterKey: CLUSTER_KEY }),
  });
  const node = await startApp({ providers: [OrderGateway], secureWs, imports: [redis] });
  const socket = await connect(`${node.url}/orders`, { token: node.token() });
  expect((await socket.request('order')).data).toBe('done');
  expect((await client.keys('{secure-ws}:lease:*')).length).toBeGreaterThan(0);
  const store = node.app.get(RedisStore);
  await node[Symbol.asyncDispose]();
  expect(await client.ping()).toBe('PONG');
  await expect(store.hit('k:a', [{ limit: 1, ttl: 1000 }])).rejects.toMatchObject({ failure: 'closed' });
});

it('DP-06 closes the client that it has opened', async () => {
  const server = await RedisServer.start();
  const admin = await openClient(server);
  const redis = SecureWsRedisModule.forRoot({ url: server.url, clusterKey: CLUSTER_KEY });
  const node = await startApp({ providers: [OrderGateway], secureWs, imports: [redis] });
  const clients = async (): Promise<number> => (await admin.clientList()).length;
  // One asks, and one listens.
  await vi.waitUntil(async () => (await clients()) === 3, PATIENCE_MS);
  await node[Symbol.asyncDispose]();
  expect(await vi.waitUntil(async () => (await clients()) === 1, PATIENCE_MS)).toBe(true);
});

it('DP-06 does not start without its options', async () => {
  const server = await RedisServer.start();
  const failures = [
    await bootFailure({ imports: [SecureWsRedisModule] }),
    await bootFailure({ imports: [SecureWsRedisModule.forRoot({ url: server.url, clusterKey: undefined })] }),
  ];
  expect(String(failures[0])).toContain('SecureWsRedisModule.forRoot({ url, clusterKey })');
  expect(String(failures[1])).toContain('The clusterKey of secureWsRedis() is missing');
  expect(() => SecureWsRedisModule.forRootAsync({} as never)).toThrow(/takes a useFactory/);
});
