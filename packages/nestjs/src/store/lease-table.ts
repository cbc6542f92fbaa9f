import type { LeaseAnswer, LeaseOverflow } from './secure-ws.store.js';
import { SecureWsStoreError } from './store.error.js';
import { SweptMap } from './swept-map.js';

/** The holders of one key, oldest first, with the moments at which their leases lapse. */
class Leases {
  readonly holders = new Map<string, number>();
  /** All leases have lapsed by then, and none before `firstLapse`: most calls need not look at each. */
  lastLapse = 0;
  #firstLapse = Infinity;

  set(holder: string, lapsesAt: number): void {
    this.holders.set(holder, lapsesAt);
    this.lastLapse = Math.max(this.lastLapse, lapsesAt);
    this.#firstLapse = Math.min(this.#firstLapse, lapsesAt);
  }

  dropLapsed(now: number): void {
    if (now < this.#firstLapse) return;
    this.#firstLapse = Infinity;
    for (const [holder, lapsesAt] of this.holders) {
      if (lapsesAt <= now) this.holders.delete(holder);
      else this.#firstLapse = Math.min(this.#firstLapse, lapsesAt);
    }
  }
}

/** How many keys are looked at for one that is over, when a new one finds no room. */
const STEPS_WHEN_FULL = 64;

const NONE: readonly string[] = Object.freeze([]);

/** The leases of a memory store. */
export class LeaseTable {
  readonly #keys: SweptMap<Leases>;

  constructor(maxKeys: number) {
    this.#keys = new SweptMap(maxKeys, (leases, now) => leases.holders.size === 0 || leases.lastLapse <= now);
  }

  /** How many keys are leased. */
  get size(): number {
    return this.#keys.size;
  }

  /** As `SecureWsStore.acquire`. */
  acquire(
    key: string,
    holder: string,
    limit: number,
    ttlMs: number,
    overflow: LeaseOverflow,
    now: number,
  ): LeaseAnswer {
    const known = this.#keys.get(key, now);
    const leases = known ?? new Leases();
    leases.dropLapsed(now);
    const replaced: string[] = [];
    if (!leases.holders.has(holder)) {
      const excess = leases.holders.size + 1 - limit;
      if (excess > 0 && (overflow === 'refuse' || limit < 1)) {
        return { granted: false, held: leases.holders.size, replaced: NONE };
      }
      for (const oldest of leases.holders.keys()) {
        if (replaced.length >= excess) break;
        replaced.push(oldest);
        leases.holders.delete(oldest);
      }
    }
    leases.set(holder, now + ttlMs);
    if (known === undefined) this.#add(key, leases, now);
    return { granted: true, held: leases.holders.size, replaced };
  }

  /** As `SecureWsStore.renew`. */
  renew(key: string, holder: string, ttlMs: number, now: number): boolean {
    const leases = this.#keys.get(key, now);
    const lapsesAt = leases?.holders.get(holder);
    if (leases === undefined || lapsesAt === undefined || lapsesAt <= now) return false;
    leases.set(holder, now + ttlMs);
    return true;
  }

  /** As `SecureWsStore.release`. */
  release(key: string, holder: string, now: number): void {
    const leases = this.#keys.get(key, now);
    leases?.holders.delete(holder);
    if (leases?.holders.size === 0) this.#keys.delete(key);
  }

  /** Looks at the next `steps` keys. */
  sweep(now: number, steps: number): number {
    return this.#keys.sweep(now, steps);
  }

  /** Forgets everything. */
  clear(): void {
    this.#keys.clear();
  }

  #add(key: string, leases: Leases, now: number): void {
    if (this.#keys.isFull) this.#keys.sweep(now, STEPS_WHEN_FULL);
    if (!this.#keys.set(key, leases)) throw new SecureWsStoreError('full');
  }
}
