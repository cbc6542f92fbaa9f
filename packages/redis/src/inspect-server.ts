import type { RedisClient } from './redis-client.js';
import { Script } from './script.js';
import type { StoreLayout } from './store-layout.js';

/** Redis 7 is the first that keeps what a script wrote as one step on its replicas, whatever the script does. */
const OLDEST_MAJOR = 7;

// Asked from a script, so that of a cluster the server answers that holds the keys.
const INSPECT = new Script(/* lua */ `return { redis.call('INFO', 'server'), redis.call('INFO', 'memory') }`);

/**
 * Makes sure that a server keeps what it is given.
 *
 * @throws Error for one that is too old, or that throws keys away when its memory is full: a revocation, a nonce or a penalty
 * that is gone lets somebody in, and nobody is told.
 */
export async function inspectServer(client: RedisClient, layout: StoreLayout): Promise<void> {
  const [server, memory] = (await INSPECT.run(client, [layout.clock], {})) as readonly [string, string];
  const version = field(server, 'redis_version');
  if (!(Number.parseInt(version, 10) >= OLDEST_MAJOR)) {
    throw new Error(`The server is Redis ${version}: @secure-ws/redis needs Redis ${OLDEST_MAJOR} or Valkey.`);
  }
  const policy = field(memory, 'maxmemory_policy');
  if (policy !== 'noeviction' && field(memory, 'maxmemory') !== '0') {
    throw new Error(
      `Redis may throw keys away (maxmemory-policy ${policy}), and a revocation that is gone lets somebody in. ` +
        'Set maxmemory-policy to noeviction, or use a server for this store alone.',
    );
  }
}

const field = (info: string, name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
