import { SecureWsStoreError } from './store.error.js';
import { SweptMap } from './swept-map.js';

/** How many keys are looked at for one that is over, when a new one finds no room. */
const STEPS_WHEN_FULL = 64;

interface Expiring<T> {
  readonly value: T;
  readonly until: number;
}

/**
 * Values that are kept until their moment and never given up before: a forgotten ticket could be used twice, a forgotten
 * revocation would let its token in again. Without room a new value is refused.
 */
export class ExpiringValues<T> {
  readonly #entries: SweptMap<Expiring<T>>;

  constructor(maxKeys: number) {
    this.#entries = new SweptMap(maxKeys, ({ until }, now) => until <= now);
  }

  /** How many values there are. */
  get size(): number {
    return this.#entries.size;
  }

  /** The value of a key, with its end. */
  get(key: string, now: number): Expiring<T> | undefined {
    return this.#entries.get(key, now);
  }

  /**
   * Keeps a value until a moment.
   *
   * @throws SecureWsStoreError `full` when there is no room.
   */
  set(key: string, value: T, until: number, now: number): void {
    if (this.#entries.isFull) this.#entries.sweep(now, STEPS_WHEN_FULL);
    if (!this.#entries.set(key, { value, until })) throw new SecureWsStoreError('full');
  }

  /** Looks at the next `steps` keys. */
  sweep(now: number, steps: number): number {
    return this.#entries.sweep(now, steps);
  }

  /** Forgets everything. */
  clear(): void {
    this.#entries.clear();
  }
}
