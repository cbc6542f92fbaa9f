import type { Clock } from '../core/clock.js';
import type { ThrottleRule } from '../core/rate-windows.js';
import { CounterMap } from './counter-map.js';
import { RateCounter, ScoreCounter } from './counters.js';
import { LeaseTable } from './lease-table.js';
import { RevocationLog } from './revocation-log.js';
import {
  type Admission,
  type AdmissionAnswer,
  type Lease,
  type LeaseState,
  type Revocation,
  type RevocationBatch,
  type ScoreRule,
  SecureWsStore,
  SecureWsStoreError,
} from './secure-ws.store.js';
import { SingleUseTable } from './single-use-table.js';

/** How many keys of each kind one tick looks at: 0.05 ms of work where all of them live, and 100,000 keys in 25 seconds. */
export const SWEEP_STEPS = 1000;

const NOTHING_TAKEN: AdmissionAnswer = Object.freeze({
  granted: false,
  rateWaitMs: 0,
  backoffMs: 0,
  isRevoked: false,
  held: Object.freeze([]),
  replaced: Object.freeze([]),
});

const NO_LEASE = { granted: true, held: NOTHING_TAKEN.held, replaced: NOTHING_TAKEN.replaced };

const isUnlimited = (rules: readonly ThrottleRule[]): boolean => rules.every(({ limit }) => limit === Infinity);

/** Without the defaults that a rule may spell out or leave away, and whatever else it has. */
const rateName = (rules: readonly ThrottleRule[]): string =>
  JSON.stringify(rules.map(({ name = 'default', limit, ttl, blockDuration = 0 }) => [name, limit, ttl, blockDuration]));

const scoreName = ({ name, decayPerSecond, max }: ScoreRule): string => JSON.stringify([name, decayPerSecond, max]);

/** The store of one node: everything in bounded memory, and every answer at once. */
export class MemoryStore extends SecureWsStore {
  readonly #rates: CounterMap<readonly ThrottleRule[], RateCounter>;
  readonly #scores: CounterMap<ScoreRule, ScoreCounter>;
  readonly #leases: LeaseTable;
  readonly #singleUse: SingleUseTable;
  readonly #revocations: RevocationLog;
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
    this.#singleUse = new SingleUseTable(maxKeys, SWEEP_STEPS);
    this.#revocations = new RevocationLog(maxKeys);
    this.#tables = [this.#rates, this.#scores, this.#leases, this.#singleUse, this.#revocations];
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
    if (isUnlimited(rules)) return 0;
    const counter = this.#rates.obtain(rules, key, now);
    const waitMs = counter.windows.hit(now, cost);
    this.#rates.settle(counter, now);
    return Math.ceil(waitMs);
  }

  override admit({ rate, backoff, identity, lease }: Admission): AdmissionAnswer {
    const now = this.#now();
    const rateWaitMs = rate === undefined ? 0 : this.#waitMs(rate.key, rate.rules, now);
    if (rateWaitMs > 0 && rate?.isReported !== true) return { ...NOTHING_TAKEN, rateWaitMs };
    let backoffMs = backoff === undefined ? 0 : this.#backoffMs(backoff, now);
    const allowance = backoffMs > 0 ? backoff?.allowance : undefined;
    if (backoff !== undefined && allowance !== undefined && this.#waitMs(backoff.key, allowance, now) === 0)
      backoffMs = 0;
    if (backoffMs > 0 && backoff?.isReported !== true) return { ...NOTHING_TAKEN, rateWaitMs, backoffMs };
    const isRevoked = identity !== undefined && this.#revocations.isRevoked(identity.keys, identity.issuedAt, now);
    if (isRevoked) return { ...NOTHING_TAKEN, rateWaitMs, backoffMs, isRevoked };
    const leased = lease === undefined ? NO_LEASE : this.#leases.acquire(lease, now);
    if (leased.granted && rate !== undefined && rateWaitMs === 0) this.hit(rate.key, rate.rules);
    if (leased.granted && backoff !== undefined && allowance !== undefined) this.hit(backoff.key, allowance);
    return { ...leased, rateWaitMs, backoffMs, isRevoked };
  }

  override renew(leases: readonly Lease[], ttlMs: number): readonly LeaseState[] {
    const now = this.#now();
    return leases.map((lease) => this.#leases.renew(lease, ttlMs, now));
  }

  override release(lease: Lease): void {
    if (!this.#isClosed) this.#leases.release(lease, this.#now());
  }

  override charge(key: string, weight: number, rule: ScoreRule): number {
    const now = this.#now();
    const counter = this.#scores.obtain(rule, key, now);
    counter.charge(weight, now);
    this.#scores.settle(counter, now);
    return counter.valueAt(now);
  }

  override put(key: string, value: string, ttlMs: number): boolean {
    return this.#singleUse.put(key, value, ttlMs, this.#now());
  }

  override take(key: string): string | undefined {
    return this.#singleUse.take(key, this.#now());
  }

  override revoke(revocations: readonly Revocation[]): void {
    this.#revocations.revoke(revocations, this.#now());
  }

  override revocations(after: string | undefined, most: number): RevocationBatch {
    return this.#revocations.read(after, most, this.#now());
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

  #backoffMs({ key, rule }: NonNullable<Admission['backoff']>, now: number): number {
    return this.#scores.find(rule, key, now)?.backoffMs(rule, now) ?? 0;
  }

  #waitMs(key: string, rules: readonly ThrottleRule[], now: number): number {
    return isUnlimited(rules) ? 0 : Math.ceil(this.#rates.obtain(rules, key, now).windows.wait(now));
  }

  /** @throws SecureWsStoreError `closed`, so that nothing is allowed by a store that was emptied. */
  #now(): number {
    if (this.#isClosed) throw new SecureWsStoreError('closed');
    return this.clock.monotonic();
  }
}
