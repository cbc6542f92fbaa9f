import { createHash } from 'node:crypto';
import { andThen, type Awaitable, isPromiseLike } from '../core/awaitable.js';
import type { Clock } from '../core/clock.js';
import type { ThrottleRule } from '../core/rate-windows.js';
import {
  type Lease,
  type LeaseAnswer,
  type LeaseOverflow,
  type LeasePlace,
  type LeaseState,
  type Score,
  type ScoreRule,
  SecureWsStore,
  SecureWsStoreError,
} from './secure-ws.store.js';
import { StoreHealth, type StoreHealthListener } from './store-health.js';

/** For how long new handshakes are admitted while the shared store is away, in milliseconds. */
const MAX_AWAY_MS = 30_000;

const PROBE: ScoreRule = Object.freeze({ name: 'probe', decayPerSecond: 1, max: 1 });

/**
 * A shared store, and what holds while it is away (DR-17, OWASP ASVS 5.0 16.5.2):
 *
 * - rates and scores are counted in the memory of this node
 * - leases known to this node hold for 30 seconds; then nobody new is admitted
 * - single-use values are refused at once: another node may have seen them
 *
 * The shared store is given hashes of keys: addresses and names of users do not leave the node.
 */
export class ResilientStore extends SecureWsStore {
  readonly #health: StoreHealth;
  #isClosed = false;

  constructor(
    private readonly shared: SecureWsStore,
    /** The memory of this node; only for this store. */
    private readonly local: SecureWsStore,
    clock: Clock,
    listener: StoreHealthListener,
  ) {
    super();
    // A write: a store that can only be read (a replica, a full disk) cannot count.
    this.#health = new StoreHealth(clock, () => shared.charge('probe:health', 1, PROBE), listener);
  }

  override get admitsHandshakes(): boolean {
    return this.#health.awayMs < MAX_AWAY_MS;
  }

  /** Watches the shared store, and sweeps the memory. */
  override tick(): void {
    this.#health.tick();
    this.shared.tick();
    this.local.tick();
  }

  override hit(key: string, rules: readonly ThrottleRule[], cost = 1): Awaitable<number> {
    return this.#askOr(
      () => this.shared.hit(hashed(key), rules, cost),
      () => this.local.hit(key, rules, cost),
    );
  }

  override charge(key: string, weight: number, rule: ScoreRule): Awaitable<Score> {
    return this.#askOr(
      () => this.shared.charge(hashed(key), weight, rule),
      () => this.local.charge(key, weight, rule),
    );
  }

  override score(key: string, rule: ScoreRule): Awaitable<Score> {
    return this.#askOr(
      () => this.shared.score(hashed(key), rule),
      () => this.local.score(key, rule),
    );
  }

  override acquire(
    holder: string,
    places: readonly LeasePlace[],
    ttlMs: number,
    overflow: LeaseOverflow = 'refuse',
  ): Awaitable<LeaseAnswer> {
    const sent = places.map(({ key, limit }) => ({ key: hashed(key), limit }));
    return this.#askOr(
      () => this.shared.acquire(holder, sent, ttlMs, overflow),
      () => {
        if (!this.admitsHandshakes) throw new SecureWsStoreError('unavailable');
        return this.local.acquire(holder, places, ttlMs, overflow);
      },
    );
  }

  /**
   * What was leased while the shared store was away is `unknown` there: its holder takes the place again.
   *
   * @throws SecureWsStoreError `unavailable` while the shared store is away: whether a lease is held is not known.
   */
  override renew(leases: readonly Lease[], ttlMs: number): Awaitable<readonly LeaseState[]> {
    return andThen(
      this.#ask(() => this.shared.renew(leases.map(sentLease), ttlMs)),
      (states) => {
        for (const lease of leases) void this.local.release(lease);
        return states;
      },
    );
  }

  override release(lease: Lease): Awaitable<void> {
    void this.local.release(lease);
    return this.#health.ask(() => this.shared.release(sentLease(lease)));
  }

  override put(key: string, value: string, ttlMs: number): Awaitable<boolean> {
    return this.#ask(() => this.shared.put(hashed(key), value, ttlMs));
  }

  override take(key: string): Awaitable<string | undefined> {
    return this.#ask(() => this.shared.take(hashed(key)));
  }

  /** Ends the memory of this node. The shared store is closed by whoever made it: others may still count there. */
  override close(): void {
    this.#isClosed = true;
    void this.local.close();
  }

  #ask<T>(call: () => Awaitable<T>): Awaitable<T> {
    if (this.#isClosed) throw new SecureWsStoreError('closed');
    return this.#health.ask(call);
  }

  #askOr<T>(call: () => Awaitable<T>, fallBack: () => Awaitable<T>): Awaitable<T> {
    const recover = (error: unknown): Awaitable<T> => {
      if (error instanceof SecureWsStoreError && error.failure === 'unavailable') return fallBack();
      throw error;
    };
    try {
      const answer = this.#ask(call);
      return isPromiseLike(answer) ? answer.catch(recover) : answer;
    } catch (error) {
      return recover(error);
    }
  }
}

const sentLease = ({ holder, keys }: Lease): Lease => ({ holder, keys: keys.map(hashed) });

/** `address:192.0.2.1` as `address:` and a hash. */
function hashed(key: string): string {
  return `${key.slice(0, key.indexOf(':') + 1)}${createHash('sha256').update(key).digest('base64url')}`;
}
