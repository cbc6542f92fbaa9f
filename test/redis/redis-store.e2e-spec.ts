import { describeStoreContract } from '@secure-ws/nestjs/testing';
import { secureWsRedis } from '@secure-ws/redis';
import { createClient } from 'redis';
import { describe, it, onTestFinished } from 'vitest';
import { CLUSTER_KEY } from '../support/cluster-key.js';
import { RedisServer } from '../support/redis-server.js';

describeStoreContract(
  'A RedisStore',
  async () => {
    const server = await RedisServer.start({ hasClock: true });
    const store = await secureWsRedis({ url: server.url, clusterKey: CLUSTER_KEY });
    const admin = createClient({ url: server.url });
    admin.on('error', () => undefined);
    await admin.connect();
    onTestFinished(() => admin.destroy());
    return {
      store,
      pass: (ms: number) => server.stepClock(ms),
      step: (ms: number) => server.stepClock(ms),
      lose: async () => void (await admin.flushAll()),
    };
  },
  { describe, it },
);
