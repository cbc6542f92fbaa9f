import type { Clock } from '../core/clock.js';
import type { ThrottleRule } from '../core/rate-windows.js';
import { CounterMap } from './counter-map.js';
import { RateCounter, ScoreCounter } from './counters.js';
import { LeaseTable } from './lease-table.js';
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
import { SweptMap } from './swept-map.js';

/** How many keys of each kind one tick looks at: 0.05 ms of work where all of them live, and 100,000 keys in 25 seconds. */
export const SWEEP_STEPS = 1000;

const NEVER_CHARGED: Score = Object.freeze({ value: 0, charged: 0, ageMs: Infinity });

/** Without the defaults that a rule may spell out or leave away, and whatever else it has. */
const rateName = (rules: readonly ThrottleRule[]): string =>
  JSON.stringify(rules.map(({ name = 'default', limit, ttl, blockDuration = 0 }) => [name, limit, ttl, blockDuration]));

const scoreName = ({ name, decayPerSecond, max }: ScoreRule): string => JSON.stringify([name, decayPerSecond, max]);

interface SingleUse {
  readonly value: string;
  /** Monotonic milliseconds. */
  readonly due: number;
}

/** The store of one node: everything in bounded memory, and every answer at once. */
export class MemoryStore extends SecureWsStore {
  readonly #rates: CounterMap<readonly ThrottleRule[], RateCounter>;
  readonly #scores: CounterMap<ScoreRule, ScoreCounter>;
  readonly #leases: LeaseTable;
  readonly #singleUse: SweptMap<SingleUse>;
  readonly #tables: readonly Pick<LeaseTable, 'size' | 'sweep' | 'clear'>[];
  #isClosed = false;

  constructor(
    private readonly clock: Clock,
    /** How many keys of each kind are kept. */
    { maxKeys }: { readonly maxKeys: number },
  ) {
    super();
    this.#rates = new CounterMap(maxKeys, (key, rules) => new RateCounter(key, rules), rateName);
    this.#scores = new CounterMap(maxKeys, (key, rule) => new ScoreCounter(key, rule), scoreName);
    this.#leases = new LeaseTable(maxKeys);
    this.#singleUse = new SweptMap(maxKeys, ({ due }, now) => due <= now);
    this.#tables = [this.#rates, this.#scores, this.#leases, this.#singleUse];
  }

  override get isShared(): boolean {
    return false;
  }

  /** How many keys of all kinds there are, those that are over and not yet swept included. */
  get size(): number {
    return this.#tables.reduce((sum, { size }) => sum + size, 0);
  }

  override hit(key: string, rules: readonly ThrottleRule[], cost = 1): number {
    const now = this.#now();
    if (rules.every(({ limit }) => limit === Infinity)) return 0;
    const counter = this.#rates.obtain(rules, key, now);
    const waitMs = counter.windows.hit(now, cost);
    this.#rates.settle(counter, now);
    return Math.ceil(waitMs);
  }

  override acquire(
    holder: string,
    places: readonly LeasePlace[],
    ttlMs: number,
    overflow: LeaseOverflow = 'refuse',
  ): LeaseAnswer {
    return this.#leases.acquire(holder, places, ttlMs, overflow, this.#now());
  }

  override renew(leases: readonly Lease[], ttlMs: number): readonly LeaseState[] {
    const now = this.#now();
    return leases.map((lease) => this.#leases.renew(lease, ttlMs, now));
  }

  override release(lease: Lease): void {
    if (!this.#isClosed) this.#leases.release(lease, this.#now());
  }

  override charge(key: string, weight: number, rule: ScoreRule): Score {
    const now = this.#now();
    const counter = this.#scores.obtain(rule, key, now);
    counter.charge(weight, now);
    this.#scores.settle(counter, now);
    return counter.read(now);
  }

  override score(key: string, rule: ScoreRule): Score {
    const now = this.#now();
    return this.#scores.find(rule, key, now)?.read(now) ?? NEVER_CHARGED;
  }

  override put(key: string, value: string, ttlMs: number): boolean {
    const now = this.#now();
    if (this.#singleUse.get(key, now) !== undefined) return false;
    if (this.#singleUse.isFull) this.#singleUse.sweep(now, SWEEP_STEPS);
    // To forget one would let it be used twice.
    if (this.#singleUse.isFull) throw new SecureWsStoreError('full');
    this.#singleUse.set(key, { value, due: now + ttlMs });
    return true;
  }

  override take(key: string): string | undefined {
    const found = this.#singleUse.get(key, this.#now());
    this.#singleUse.delete(key);
    return found?.value;
  }

  /** Forgets what is over, {@link SWEEP_STEPS} keys of each kind at a time: the store has no timer of its own. */
  override tick(): void {
    const now = this.clock.monotonic();
    for (const table of this.#tables) table.sweep(now, SWEEP_STEPS);
  }

  override close(): void {
    this.#isClosed = true;
    for (const table of this.#tables) table.clear();
  }

  /** @throws SecureWsStoreError `closed`, so that nothing is allowed by a store that was emptied. */
  #now(): number {
    if (this.#isClosed) throw new SecureWsStoreError('closed');
    return this.clock.monotonic();
  }
}
