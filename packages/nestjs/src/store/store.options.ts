import { Logger } from '@nestjs/common';
import type { Clock } from '../core/clock.js';
import type { Filled, OptionReader } from '../core/option-reader.js';
import { MemoryStore } from './memory.store.js';
import { ResilientStore } from './resilient.store.js';
import { SecureWsStore } from './secure-ws.store.js';

/** The `store` options: where shared state lives, and how much of it one node keeps. */
export interface StoreOptions {
  /**
   * How many keys of each kind (rate windows, scores, leases, single-use values, each kind of revocation) are kept in memory.
   * A key takes 100 to 640 bytes (`npm run bench -- store`). At least 1000.
   *
   * Beyond it, rates and scores give up the key that is punished least and IPv6 addresses share one by /48; leases refuse
   * new ones.
   *
   * @default 100000
   */
  readonly maxKeys?: number;
  /**
   * A store that several nodes share, so that their limits and connection caps hold together. While it is away each node
   * counts by itself, and after `admitWhileAwayMs` it admits nobody new. It must pass `describeStoreContract` of
   * `@secure-ws/nestjs/testing`.
   *
   * It stays yours: close it when the last application that uses it has stopped.
   *
   * @default none: each node counts by itself
   */
  readonly shared?: SecureWsStore;
  /**
   * For how long new handshakes are admitted while the shared store is away, by what this node knows, in milliseconds. What was revoked
   * at another node meanwhile is let in here until then. 0 refuses them with `503` as long as nobody can be sure. At most 600000.
   *
   * @default 30000
   */
  readonly admitWhileAwayMs?: number;
  /**
   * How long a revocation is remembered where the call does not say until when, in milliseconds: as long as the longest
   * token lives. A token that outlives its revocation is good again.
   *
   * @default 86400000 (a day)
   */
  readonly revocationMs?: number;
}

/** {@link StoreOptions} with defaults filled. */
export type ResolvedStoreOptions = Filled<StoreOptions, 'shared'>;

/** Reads the `store` options. */
export function resolveStoreOptions(reader: OptionReader): ResolvedStoreOptions {
  const isStore = (value: unknown): value is SecureWsStore => value instanceof SecureWsStore;
  return reader.finish({
    // A JavaScript map ends at 2^24 entries.
    maxKeys: reader.count('maxKeys', 100_000, { min: 1000, max: 10_000_000 }),
    admitWhileAwayMs: reader.count('admitWhileAwayMs', 30_000, { min: 0, max: 600_000 }),
    revocationMs: reader.count('revocationMs', 86_400_000, { max: 366 * 86_400_000 }),
    shared: reader.checked(
      'shared',
      isStore,
      'must be an instance of a class that extends SecureWsStore',
      'new MyStore()',
    ),
  });
}

/** Makes the store of an application: the memory of this node, or the shared one with this memory behind it. */
export function createStore({ maxKeys, shared, admitWhileAwayMs }: ResolvedStoreOptions, clock: Clock): SecureWsStore {
  const local = new MemoryStore(clock, { maxKeys });
  if (shared === undefined) return local;
  const logger = new Logger('SecureWs');
  const admits = admitWhileAwayMs === 0 ? 'nobody new' : `nobody new after ${admitWhileAwayMs / 1000} s`;
  const listener = {
    onAway: () => logger.error(`The shared store does not answer: this node counts by itself, and admits ${admits}.`),
    onBack: (awayMs: number) => logger.warn(`The shared store answers again, after ${Math.round(awayMs)} ms.`),
  };
  return new ResilientStore(shared, local, clock, listener, admitWhileAwayMs);
}
