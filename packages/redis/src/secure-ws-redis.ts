import { ClusterKey, type ClusterKeyMaterial } from '@secure-ws/nestjs/store';
import { inspectServer } from './inspect-server.js';
import { openClient } from './open-client.js';
import type { RedisClient } from './redis-client.js';
import { RedisStore } from './redis.store.js';
import { StoreLayout } from './store-layout.js';

/** Where the shared store lies: a `url`, or a `client` that the application has. */
export type SecureWsRedisOptions = SecureWsRedisPlace & {
  /**
   * What all keys begin with. Applications of one prefix share their limits, leases and revocations: one for each
   * application, the same on all its nodes. What a `throttling.storage` counts begins with it, too. 1 to 64 letters, digits
   * and `._-`.
   *
   * @default 'secure-ws'
   */
  readonly prefix?: string;
  /**
   * Signs what only nodes of the application may say, so that whoever can write to Redis can neither revoke nor take back:
   * 32 random bytes or more, as text in base64url or base64 (`openssl rand -base64 32`), a Buffer or a KeyObject. The same on
   * all nodes. A list of up to five changes it: the first signs, and all of them verify.
   */
  readonly clusterKey: ClusterKeyMaterial | undefined | readonly (ClusterKeyMaterial | undefined)[];
};

/** How the server is reached. */
export type SecureWsRedisPlace =
  | {
      /** `redis://` or, over TLS, `rediss://user:password@host:port/database`. The store opens a client and closes it. */
      readonly url: string;
      readonly client?: never;
    }
  | {
      /** A connected client of the `redis` package, its cluster or its sentinel included. It stays yours. */
      readonly client: RedisClient;
      readonly url?: never;
    };

const PREFIX = /^[\w.-]{1,64}$/;

/**
 * Makes the shared store of an application over Redis 7 or Valkey, for `store.shared`.
 *
 * @example
 * ```ts
 * SecureWsModule.forRootAsync({
 *   useFactory: async () => ({ ..., store: { shared: await secureWsRedis({ url, clusterKey: process.env.CLUSTER_KEY }) } }),
 * })
 * ```
 *
 * @throws Error where the options are wrong, the server cannot be reached, is too old or throws keys away when its memory is full.
 */
export async function secureWsRedis(options: SecureWsRedisOptions): Promise<RedisStore> {
  const { url, client, clusterKey, prefix = 'secure-ws', ...unknown } = options;
  const [first] = Object.keys(unknown);
  if (first !== undefined)
    throw new Error(`secureWsRedis() knows no option ${first}: url, client, prefix, clusterKey.`);
  if (typeof prefix !== 'string' || !PREFIX.test(prefix)) {
    throw new Error('The prefix of secureWsRedis() must be 1 to 64 letters, digits and ._-, such as my-app.');
  }
  if ((url === undefined) === (client === undefined)) {
    throw new Error('secureWsRedis() needs either a url or a client, such as { url: process.env.REDIS_URL }.');
  }
  const key = ClusterKey.read(clusterKey, 'secureWsRedis()');
  const layout = new StoreLayout(prefix);
  if (client !== undefined) {
    refuseUnready(client);
    await inspectServer(client, layout);
    return new RedisStore(client, layout, key);
  }
  if (typeof url !== 'string')
    throw new Error('The url of secureWsRedis() must be text, such as redis://127.0.0.1:6379.');
  const opened = await openClient(url);
  try {
    await inspectServer(opened.client, layout);
  } catch (error) {
    opened.close();
    throw error;
  }
  return new RedisStore(opened.client, layout, key, opened.close);
}

function refuseUnready(client: RedisClient): void {
  if (typeof client?.evalSha !== 'function' || typeof client.eval !== 'function') {
    throw new Error('The client of secureWsRedis() must be one of the redis package (node-redis 5 or 6).');
  }
  if (client.isReady === false)
    throw new Error('The client of secureWsRedis() is not connected: await client.connect() first.');
  if (client.listenerCount('error') === 0) {
    throw new Error("The client of secureWsRedis() would end the process when its connection is lost: write client.on('error', ...) first."); // prettier-ignore
  }
}
