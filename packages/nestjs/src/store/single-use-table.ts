import { SecureWsStoreError } from './secure-ws.store.js';
import { SweptMap } from './swept-map.js';

interface SingleUse {
  readonly value: string;
  /** Monotonic milliseconds. */
  readonly due: number;
}

/**
 * The single-use values of a memory store. Each kind (what stands before the first colon of a key) has room of its own: who
 * fills one with solved challenges must not get the tickets of others refused.
 */
export class SingleUseTable {
  readonly #kinds = new Map<string, SweptMap<SingleUse>>();

  constructor(
    /** How many keys of each kind are kept. */
    private readonly maxKeys: number,
    /** How many keys are looked at to make room. */
    private readonly sweepSteps: number,
  ) {}

  /** How many keys there are, those that are over and not yet swept included. */
  get size(): number {
    let size = 0;
    for (const kind of this.#kinds.values()) size += kind.size;
    return size;
  }

  /** As `SecureWsStore.put`. @throws SecureWsStoreError `full`: to forget a value would let it be used twice. */
  put(key: string, value: string, ttlMs: number, now: number): boolean {
    const kind = this.#kindOf(key);
    if (kind.get(key, now) !== undefined) return false;
    if (kind.isFull) kind.sweep(now, this.sweepSteps);
    if (kind.isFull) throw new SecureWsStoreError('full');
    kind.set(key, { value, due: now + ttlMs });
    return true;
  }

  /** As `SecureWsStore.take`. */
  take(key: string, now: number): string | undefined {
    const kind = this.#kindOf(key);
    const found = kind.get(key, now);
    kind.delete(key);
    return found?.value;
  }

  /** Forgets what is over among the next `steps` keys of each kind. @returns how many keys it looked at. */
  sweep(now: number, steps: number): number {
    let looked = 0;
    for (const kind of this.#kinds.values()) looked += kind.sweep(now, steps);
    return looked;
  }

  /** Forgets everything. */
  clear(): void {
    this.#kinds.clear();
  }

  #kindOf(key: string): SweptMap<SingleUse> {
    const name = key.slice(0, key.indexOf(':'));
    let kind = this.#kinds.get(name);
    if (kind === undefined) this.#kinds.set(name, (kind = new SweptMap(this.maxKeys, ({ due }, now) => due <= now)));
    return kind;
  }
}
