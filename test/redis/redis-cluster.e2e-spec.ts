import { describeStoreContract } from '@secure-ws/nestjs/testing';
import { type RedisStore, secureWsRedis } from '@secure-ws/redis';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CLUSTER_KEY } from '../support/cluster-key.js';
import { PATIENCE_MS } from '../support/patience.js';
import { sharedRedisCluster } from '../support/redis-cluster.js';

const running = sharedRedisCluster();

const openStore = async (cluster: ReturnType<typeof running>): Promise<RedisStore> =>
  secureWsRedis({ client: await cluster.open(), clusterKey: CLUSTER_KEY });

describeStoreContract(
  'DP-06 A RedisStore over a Redis Cluster of three',
  async () => {
    const cluster = running();
    await cluster.flush();
    const store = await openStore(cluster);
    return {
      store,
      pass: (ms: number) => cluster.stepClock(ms),
      step: (ms: number) => cluster.stepClock(ms),
      lose: () => cluster.flush(),
    };
  },
  { describe, it },
);

it('DP-06 the nodes of an application talk over a cluster, and all that they keep lies at one member', async () => {
  const cluster = running();
  await cluster.flush();
  const stores = [];
  for (const prefix of ['one', 'one', 'other']) {
    const store = await secureWsRedis({ client: await cluster.open(), prefix, clusterKey: CLUSTER_KEY });
    onTestFinished(() => store.close());
    stores.push(store);
  }
  const [one, same, other] = stores as [(typeof stores)[0], (typeof stores)[0], (typeof stores)[0]];
  const [{ position }, begin] = [await same.control.hear(undefined, 10), await other.control.hear(undefined, 10)];
  await one.control.say('message');
  expect(await same.control.hear(position, 10)).toMatchObject({ messages: ['message'], isContinued: true });
  expect(await other.control.hear(begin.position, 10)).toMatchObject({ messages: [], isContinued: true });
  await one.revoke([{ key: 'k:a', issuedBefore: 1000, ttlMs: 60_000 }]);
  expect((await same.revocations(undefined, 10)).entries).toHaveLength(1);
  await other.hit('k:a', [{ limit: 1, ttl: 60_000 }]);
  expect((await cluster.sizes()).some((size) => size === 0)).toBe(true);
});

it('SL-04 a node hears over a cluster that another one has written', async () => {
  const cluster = running();
  const [one, other] = [await openStore(cluster), await openStore(cluster)] as const;
  for (const store of [one, other]) onTestFinished(() => store.close());
  const told: string[] = [];
  onTestFinished(other.onNews((what) => told.push(what)));
  const hears = async (): Promise<boolean> => {
    await other.control.hear(undefined, 10);
    return other.hearsNews;
  };
  await vi.waitUntil(hears, PATIENCE_MS);
  for (const what of ['revocations', 'control'] as const) {
    told.splice(0);
    if (what === 'control') await one.control.say('message');
    else await one.revoke([{ key: 'k:n', issuedBefore: 1000, ttlMs: 60_000 }]);
    await vi.waitUntil(() => told.length > 0, PATIENCE_MS);
    expect(told).toEqual([what]);
  }
});
