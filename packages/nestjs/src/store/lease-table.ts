import {
  type Admission,
  type AdmissionAnswer,
  type Lease,
  type LeaseOverflow,
  type LeasePlace,
  type LeaseState,
  SecureWsStoreError,
} from './secure-ws.store.js';
import { SweptMap } from './swept-map.js';

/** How many replaced holders one key remembers: more than one principal can bring in within a lease. */
const MAX_REPLACED = 1000;

/** How many keys are looked at for one that is over, when a new one finds no room. */
const STEPS_WHEN_FULL = 64;

/** The lease of an admission. */
export type LeaseDemand = NonNullable<Admission['lease']>;

/** What an admission is told of its lease. */
export type LeaseAnswer = Pick<AdmissionAnswer, 'granted' | 'held' | 'replaced'>;

const NOBODY: readonly string[] = Object.freeze([]);

/** Who took a holder's place, and until when that is remembered. */
interface Replacement {
  readonly by: string;
  readonly until: number;
}

/** The holders of one key, oldest first, with the moments at which their leases lapse. */
class Leases {
  readonly holders = new Map<string, number>();
  readonly replaced = new Map<string, Replacement>();
  /** Everything has lapsed by then, and no lease before `firstLapse`: most calls need not look at each. */
  lastLapse = 0;
  #firstLapse = Infinity;

  isOver(now: number): boolean {
    return this.lastLapse <= now || (this.holders.size === 0 && this.replaced.size === 0);
  }

  set(holder: string, lapsesAt: number): void {
    this.replaced.delete(holder);
    this.holders.set(holder, lapsesAt);
    this.lastLapse = Math.max(this.lastLapse, lapsesAt);
    this.#firstLapse = Math.min(this.#firstLapse, lapsesAt);
  }

  replace(holder: string, replacement: Replacement): void {
    if (!this.holders.delete(holder)) return;
    this.replaced.set(holder, replacement);
    this.lastLapse = Math.max(this.lastLapse, replacement.until);
    const [oldest] = this.replaced.keys();
    if (this.replaced.size > MAX_REPLACED && oldest !== undefined) this.replaced.delete(oldest);
  }

  release(holder: string): void {
    const own = this.replaced.get(holder);
    this.holders.delete(holder);
    this.replaced.delete(holder);
    for (const [id, { by, until }] of this.replaced) {
      if (by !== holder) continue;
      // The place is not free, its next holder has it: otherwise a chain of replacements would let its first link live.
      if (own !== undefined) this.replaced.set(id, { by: own.by, until });
      else this.replaced.delete(id);
    }
  }

  dropLapsed(now: number): void {
    if (now < this.#firstLapse) return;
    this.#firstLapse = Infinity;
    for (const [holder, lapsesAt] of this.holders) {
      if (lapsesAt <= now) this.holders.delete(holder);
      else this.#firstLapse = Math.min(this.#firstLapse, lapsesAt);
    }
    for (const [holder, { until }] of this.replaced) if (until <= now) this.replaced.delete(holder);
  }
}

/** The leases of a memory store. A full one refuses: giving a lease up would let more in than a cap allows. */
export class LeaseTable {
  readonly #keys: SweptMap<Leases>;

  constructor(maxKeys: number) {
    this.#keys = new SweptMap(maxKeys, (leases, now) => leases.isOver(now));
  }

  /** How many keys are leased. */
  get size(): number {
    return this.#keys.size;
  }

  /** Takes every place, or none. */
  acquire({ holder, places, ttlMs, overflow = 'refuse' }: LeaseDemand, now: number): LeaseAnswer {
    const replaced = new Set<string>();
    for (const place of places) {
      if (this.#makeRoom(holder, place, overflow, replaced, now)) continue;
      return { granted: false, held: this.#count(places, now), replaced: NOBODY };
    }
    this.#reserveKeys(places, now);
    for (const { key } of places) {
      const leases = this.#keys.get(key, now) ?? new Leases();
      for (const id of replaced) leases.replace(id, { by: holder, until: now + ttlMs });
      leases.set(holder, now + ttlMs);
      this.#keys.set(key, leases);
    }
    return { granted: true, held: this.#count(places, now), replaced: [...replaced] };
  }

  /** As `SecureWsStore.renew`, for one lease. */
  renew({ holder, keys }: Lease, ttlMs: number, now: number): LeaseState {
    const held = keys.map((key) => this.#at(key, now)).filter((leases) => leases !== undefined);
    if (held.some(({ replaced }) => replaced.has(holder))) return 'replaced';
    const renewed = held.filter(({ holders }) => holders.has(holder));
    for (const leases of renewed) leases.set(holder, now + ttlMs);
    return renewed.length === keys.length ? 'held' : 'unknown';
  }

  /** As `SecureWsStore.release`. */
  release({ holder, keys }: Lease, now: number): void {
    for (const key of keys) {
      const leases = this.#keys.get(key, now);
      leases?.release(holder);
      if (leases?.isOver(now) === true) this.#keys.delete(key);
    }
  }

  /** Looks at the next `steps` keys. */
  sweep(now: number, steps: number): number {
    return this.#keys.sweep(now, steps);
  }

  /** Forgets everything. */
  clear(): void {
    this.#keys.clear();
  }

  #at(key: string, now: number): Leases | undefined {
    const leases = this.#keys.get(key, now);
    leases?.dropLapsed(now);
    return leases;
  }

  #count(places: readonly LeasePlace[], now: number): number[] {
    return places.map(({ key }) => this.#at(key, now)?.holders.size ?? 0);
  }

  /** Notes who must go for one more holder of a place. @returns `false` when there is no room for it. */
  #makeRoom(
    holder: string,
    { key, limit }: LeasePlace,
    overflow: LeaseOverflow,
    replaced: Set<string>,
    now: number,
  ): boolean {
    const holders = this.#at(key, now)?.holders;
    if (holders === undefined ? limit >= 1 : holders.has(holder) || holders.size < limit) return true;
    const staying = [...(holders?.keys() ?? NOBODY)].filter((id) => !replaced.has(id));
    const excess = staying.length + 1 - limit;
    if (excess <= 0) return true;
    // Negated: NaN fails the comparison, so it refuses.
    if (overflow === 'refuse' || !(limit >= 1)) return false;
    for (const oldest of staying.slice(0, excess)) replaced.add(oldest);
    return true;
  }

  #reserveKeys(places: readonly LeasePlace[], now: number): void {
    const fresh = (): number => new Set(places.map(({ key }) => key).filter((key) => !this.#keys.has(key))).size;
    if (this.#keys.size + places.length > this.#keys.maxKeys) this.#keys.sweep(now, STEPS_WHEN_FULL);
    if (this.#keys.size + fresh() > this.#keys.maxKeys) throw new SecureWsStoreError('full');
  }
}
