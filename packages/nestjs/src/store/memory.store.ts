import type { Clock } from '../core/clock.js';
import { ExpiringValues } from './expiring-values.js';
import { LeaseTable } from './lease-table.js';
import { RateCounters } from './rate-counters.js';
import { ScoreCounters } from './score-counters.js';
import {
  type LeaseAnswer,
  type LeaseOverflow,
  type RateRule,
  type Score,
  type ScoreRule,
  SecureWsStore,
} from './secure-ws.store.js';
import type { ResolvedStoreOptions } from './store.options.js';
import { SecureWsStoreError } from './store.error.js';

/** How many keys of each kind one {@link MemoryStore.sweep} looks at: 0.05 ms of work where all of them live, and 100,000 keys in 25 seconds. */
export const SWEEP_STEPS = 1000;

/** The store of one node: everything in bounded memory, and every answer at once. */
export class MemoryStore extends SecureWsStore {
  readonly #rates: RateCounters;
  readonly #scores: ScoreCounters;
  readonly #leases: LeaseTable;
  readonly #claims: ExpiringValues<true>;
  readonly #revocations: ExpiringValues<number>;
  #isClosed = false;

  constructor(
    private readonly clock: Clock,
    { maxKeys }: Pick<ResolvedStoreOptions, 'maxKeys'>,
  ) {
    super();
    this.#rates = new RateCounters(maxKeys);
    this.#scores = new ScoreCounters(maxKeys);
    this.#leases = new LeaseTable(maxKeys);
    this.#claims = new ExpiringValues(maxKeys);
    this.#revocations = new ExpiringValues(maxKeys);
  }

  /** How many keys of all kinds there are, those that are over and not yet swept included. */
  get size(): number {
    return this.#rates.size + this.#scores.size + this.#leases.size + this.#claims.size + this.#revocations.size;
  }

  override hit(key: string, rule: RateRule, cost = 1): number {
    return this.#rates.hit(key, rule, cost, this.#now());
  }

  override acquire(
    key: string,
    holder: string,
    limit: number,
    ttlMs: number,
    overflow: LeaseOverflow = 'refuse',
  ): LeaseAnswer {
    return this.#leases.acquire(key, holder, limit, ttlMs, overflow, this.#now());
  }

  override renew(key: string, holder: string, ttlMs: number): boolean {
    return this.#leases.renew(key, holder, ttlMs, this.#now());
  }

  override release(key: string, holder: string): void {
    // Not an error once the store is closed: connections end after it.
    if (!this.#isClosed) this.#leases.release(key, holder, this.#now());
  }

  override claim(key: string, ttlMs: number): boolean {
    const now = this.#now();
    if (this.#claims.get(key, now) !== undefined) return false;
    this.#claims.set(key, true, now + ttlMs, now);
    return true;
  }

  override revoke(key: string, issuedBeforeMs: number, untilMs: number): void {
    this.#now();
    const wallClock = this.clock.now();
    const known = this.#revocations.get(key, wallClock);
    const issuedBefore = Math.max(known?.value ?? -Infinity, issuedBeforeMs);
    this.#revocations.set(key, issuedBefore, Math.max(known?.until ?? -Infinity, untilMs), wallClock);
  }

  override revokedBefore(keys: readonly string[]): number {
    this.#now();
    const wallClock = this.clock.now();
    let latest = -Infinity;
    for (const key of keys) latest = Math.max(latest, this.#revocations.get(key, wallClock)?.value ?? -Infinity);
    return latest;
  }

  override charge(key: string, weight: number, rule: ScoreRule): Score {
    return this.#scores.charge(key, weight, rule, this.#now());
  }

  override score(key: string, rule: ScoreRule): Score {
    return this.#scores.score(key, rule, this.#now());
  }

  override close(): void {
    this.#isClosed = true;
    for (const table of this.#tables()) table.clear();
  }

  /**
   * Forgets what is over, {@link SWEEP_STEPS} keys of each kind at a time. Called from the coarse timer: the store has no
   * timer of its own.
   *
   * @param now monotonic milliseconds.
   * @returns how many keys it looked at.
   */
  sweep(now: number): number {
    const timed = [this.#rates, this.#scores, this.#leases, this.#claims];
    const seen = timed.reduce((sum, table) => sum + table.sweep(now, SWEEP_STEPS), 0);
    return seen + this.#revocations.sweep(this.clock.now(), SWEEP_STEPS);
  }

  #tables(): readonly { clear(): void }[] {
    return [this.#rates, this.#scores, this.#leases, this.#claims, this.#revocations];
  }

  /** @throws SecureWsStoreError `closed`, so that nothing is allowed by a store that was emptied. */
  #now(): number {
    if (this.#isClosed) throw new SecureWsStoreError('closed');
    return this.clock.monotonic();
  }
}
