import type { Clock } from '../core/clock.js';
import { isPromiseLike } from '../core/awaitable.js';
import { andThen, type Awaitable } from '../core/awaitable.js';
import type { MemoryStore } from './memory.store.js';
import {
  type LeaseAnswer,
  type LeaseOverflow,
  type RateRule,
  type Score,
  type ScoreRule,
  SecureWsStore,
} from './secure-ws.store.js';
import { SecureWsStoreError } from './store.error.js';
import { StoreHealth, type StoreHealthListener, type StoreHealthRules } from './store-health.js';

/** How a {@link ResilientStore} bears that its shared store is away. */
export interface ResilientStoreRules extends StoreHealthRules {
  /** For how long new handshakes are admitted while the shared store is away, in milliseconds. @default 30000 */
  readonly maxAwayMs: number;
}

/** {@link ResilientStoreRules} as the design has them. */
export const DEFAULT_RESILIENT_STORE_RULES: ResilientStoreRules = Object.freeze({
  timeoutMs: 1000,
  probeEveryMs: 1000,
  maxAwayMs: 30_000,
});

const PROBE: ScoreRule = Object.freeze({ name: 'probe', decayPerSecond: 1, max: 1 });

/**
 * A shared store, and what holds while it is away (DR-17, OWASP ASVS 5.0 16.5.2):
 *
 * - rates and scores are counted in the memory of this node
 * - leases and revocations known to this node hold for `maxAwayMs`; then nobody new is admitted
 * - single-use values are refused at once: nobody knows whether another node saw them
 */
export class ResilientStore extends SecureWsStore {
  readonly #health: StoreHealth;

  constructor(
    private readonly shared: SecureWsStore,
    /** The memory of this node; only for this store. */
    private readonly local: MemoryStore,
    clock: Clock,
    private readonly rules: ResilientStoreRules,
    listener: StoreHealthListener,
  ) {
    super();
    this.#health = new StoreHealth(clock, rules, () => shared.score('probe:health', PROBE), listener);
  }

  /** Whether new handshakes may be admitted, for the first step of the handshake: `503` where not. */
  get admitsHandshakes(): boolean {
    return this.#health.awayMs < this.rules.maxAwayMs;
  }

  /** Watches the shared store and sweeps the memory. Called from the coarse timer with monotonic milliseconds. */
  tick(now: number): void {
    this.#health.tick(now);
    this.local.sweep(now);
  }

  override hit(key: string, rule: RateRule, cost = 1): Awaitable<number> {
    return this.#askOr(
      () => this.shared.hit(key, rule, cost),
      () => this.local.hit(key, rule, cost),
    );
  }

  override charge(key: string, weight: number, rule: ScoreRule): Awaitable<Score> {
    return this.#askOr(
      () => this.shared.charge(key, weight, rule),
      () => this.local.charge(key, weight, rule),
    );
  }

  override score(key: string, rule: ScoreRule): Awaitable<Score> {
    return this.#askOr(
      () => this.shared.score(key, rule),
      () => this.local.score(key, rule),
    );
  }

  override acquire(
    key: string,
    holder: string,
    limit: number,
    ttlMs: number,
    overflow: LeaseOverflow = 'refuse',
  ): Awaitable<LeaseAnswer> {
    return this.#askOr(
      () => this.shared.acquire(key, holder, limit, ttlMs, overflow),
      () => {
        this.#mustAdmit();
        return this.local.acquire(key, holder, limit, ttlMs, overflow);
      },
    );
  }

  /** @throws SecureWsStoreError `unavailable` while the shared store is away: whether the lease is held is not known. */
  override renew(key: string, holder: string, ttlMs: number): Awaitable<boolean> {
    return andThen(
      this.#health.ask(() => this.shared.renew(key, holder, ttlMs)),
      (isHeld) => (isHeld || !this.local.renew(key, holder, ttlMs) ? isHeld : this.#handOver(key, holder, ttlMs)),
    );
  }

  override release(key: string, holder: string): Awaitable<void> {
    this.local.release(key, holder);
    return this.#health.ask(() => this.shared.release(key, holder));
  }

  override claim(key: string, ttlMs: number): Awaitable<boolean> {
    return this.#health.ask(() => this.shared.claim(key, ttlMs));
  }

  /** @throws SecureWsStoreError `unavailable` when only this node knows of the revocation. */
  override revoke(key: string, issuedBeforeMs: number, untilMs: number): Awaitable<void> {
    this.local.revoke(key, issuedBeforeMs, untilMs);
    return this.#health.ask(() => this.shared.revoke(key, issuedBeforeMs, untilMs));
  }

  override revokedBefore(keys: readonly string[]): Awaitable<number> {
    const known = this.local.revokedBefore(keys);
    const answer = this.#askOr(
      () => this.shared.revokedBefore(keys),
      () => {
        this.#mustAdmit();
        return known;
      },
    );
    return andThen(answer, (shared) => Math.max(shared, known));
  }

  override close(): Awaitable<void> {
    this.local.close();
    return this.shared.close();
  }

  /** A place that was granted while the shared store was away counts there from now on. */
  #handOver(key: string, holder: string, ttlMs: number): Awaitable<boolean> {
    // The connection is open: refusing it now would end it for an outage that was not its own.
    return andThen(
      this.#health.ask(() => this.shared.acquire(key, holder, Infinity, ttlMs)),
      ({ granted }) => {
        if (granted) this.local.release(key, holder);
        return granted;
      },
    );
  }

  #mustAdmit(): void {
    if (!this.admitsHandshakes) throw new SecureWsStoreError('unavailable');
  }

  #askOr<T>(call: () => Awaitable<T>, fallBack: () => T): Awaitable<T> {
    const recover = (error: unknown): T => {
      if (error instanceof SecureWsStoreError && error.failure === 'unavailable') return fallBack();
      throw error;
    };
    try {
      const answer = this.#health.ask(call);
      return isPromiseLike(answer) ? answer.catch(recover) : answer;
    } catch (error) {
      return recover(error);
    }
  }
}
