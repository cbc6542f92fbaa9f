import { readFile } from 'node:fs/promises';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize } from '@secure-ws/nestjs';
import { connect, testIdentity } from '@secure-ws/nestjs/testing';
import { secureWsRedis } from '@secure-ws/redis';
import { createClient } from 'redis';
import { expect, it, onTestFinished, vi } from 'vitest';
import { CLUSTER_KEY } from '../support/cluster-key.js';
import { PATIENCE_MS } from '../support/patience.js';
import { RedisServer } from '../support/redis-server.js';
import { boot, example } from './example.js';

@WsAuthorize()
@WebSocketGateway({ path: '/counted' })
class CountedGateway {
  @SubscribeMessage('counted')
  counted(): string {
    return 'done';
  }
}

it('DP-06 redis/app.module.ts counts the connections of a principal over its nodes', async () => {
  const server = await RedisServer.start();
  process.env['REDIS_URL'] = server.url;
  const { AppModule } = await example('redis/app.module.ts', 'AppModule');
  class Node {}
  const node = await boot({ module: Node, imports: [AppModule], providers: [CountedGateway] });
  await using socket = await connect(node, { path: '/counted', as: testIdentity({ id: 'alice' }) });
  expect((await socket.request('counted')).data).toBe('done');
  const admin = createClient({ url: server.url });
  admin.on('error', () => undefined);
  await admin.connect();
  onTestFinished(() => admin.destroy());
  const keys = await admin.keys('*');
  expect(keys.some((key) => key.startsWith('{my-app}:lease:'))).toBe(true);
  await node.close();
});

it('DP-06 the ACL user of the page can do all that the store asks for, and nothing else', async () => {
  const page = await readFile(new URL('../../docs/guide/redis.md', import.meta.url), 'utf8');
  const rule = /^user my-app on >password (.+)$/m.exec(page)?.[1] ?? '';
  const server = await RedisServer.start();
  const admin = createClient({ url: server.url });
  admin.on('error', () => undefined);
  await admin.connect();
  onTestFinished(() => admin.destroy());
  await admin.sendCommand(['ACL', 'SETUSER', 'my-app', 'reset', 'on', '>password', ...rule.split(' ')]);
  const client = createClient({ socket: { path: server.path, tls: false }, username: 'my-app', password: 'password' });
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(() => client.destroy());
  const store = await secureWsRedis({ client, prefix: 'my-app', clusterKey: CLUSTER_KEY });
  const rules = [{ limit: 1, ttl: 60_000 }];
  const lease = {
    holder: 'one',
    places: [{ key: 'k:a', limit: 1 }],
    ttlMs: 60_000,
    overflow: 'replace-oldest',
  } as const;
  const score = { name: 'x', decayPerSecond: 1, max: 10, freeFailures: 0, firstDelayMs: 1000, maxDelayMs: 2000 };
  await store.hit('k:a', rules);
  await store.charge('k:a', 2, score);
  await store.revoke([{ key: 'k:r', issuedBefore: 1000, ttlMs: 60_000 }]);
  const parts = {
    rate: { key: 'k:b', rules },
    backoff: { key: 'k:b', rule: score, allowance: rules },
    identity: { keys: ['k:r'], issuedAt: 2000 },
  };
  expect(await store.admit({ ...parts, lease })).toMatchObject({ granted: true });
  expect(await store.admit({ lease: { ...lease, holder: 'two' } })).toMatchObject({ replaced: ['one'] });
  expect(await store.renew([{ holder: 'two', keys: ['k:a'] }], 60_000)).toEqual(['held']);
  await store.release({ holder: 'two', keys: ['k:a'] });
  await store.put('k:t', 'value', 60_000);
  expect(await store.take('k:t')).toBe('value');
  expect((await store.revocations(undefined, 10)).entries).toHaveLength(1);
  const { position } = await store.control.hear(undefined, 10);
  await store.control.say('message');
  expect(await store.control.hear(position, 10)).toMatchObject({ messages: ['message'], isContinued: true });
  expect(await store.control.beat('node', 1000)).toEqual(['node']);
  expect(await store.control.beat('node', 0)).toEqual([]);
  onTestFinished(store.onNews(() => undefined));
  const hears = async (): Promise<boolean> => {
    await store.control.hear(position, 10);
    return store.hearsNews;
  };
  await vi.waitUntil(hears, PATIENCE_MS);

  for (const command of [['FLUSHALL'], ['CONFIG', 'GET', '*'], ['GET', 'other:key'], ['KEYS', '*']]) {
    await expect(client.sendCommand(command)).rejects.toThrow(/NOPERM/);
  }
});
