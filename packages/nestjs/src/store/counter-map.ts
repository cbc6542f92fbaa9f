import { type Punished, PunishmentList } from './punishment-list.js';
import { SweptMap } from './swept-map.js';
import { wideKey } from './wide-key.js';

/** How many keys are looked at for one that is over, when a new one finds no room. */
const STEPS_WHEN_FULL = 8;

/** How a {@link CounterMap} reads its counters. */
export interface CounterReading<T> {
  /** A fresh one for a key. */
  create(key: string): T;
  /** How much the counter has against its key: 0 is nothing, 1 the most there is. */
  share(counter: T, now: number): number;
}

/**
 * Counters by key that count against their key, in bounded memory (DR-16).
 *
 * A full map gives up the key that is punished least. Who makes up keys by the million thereby loses his own, never gets
 * rid of what another key has against it, and his further keys share one counter for each /48.
 */
export class CounterMap<T extends Punished> {
  readonly #counters: SweptMap<T>;
  readonly #punished = new PunishmentList();

  constructor(
    maxKeys: number,
    private readonly reading: CounterReading<T>,
  ) {
    this.#counters = new SweptMap<T>(
      maxKeys,
      (counter, now) => {
        const share = reading.share(counter, now);
        this.#punished.place(counter, share);
        return share <= 0;
      },
      (counter) => {
        this.#punished.remove(counter);
      },
    );
  }

  /** How many keys have a counter. */
  get size(): number {
    return this.#counters.size;
  }

  /** The counter that counts for a key; `undefined` when nothing is against it. */
  find(rule: string, key: string, now: number): T | undefined {
    const own = this.#counters.get(bucket(rule, key), now);
    const shared = wideKey(key);
    return own !== undefined || shared === key ? own : this.#counters.get(bucket(rule, shared), now);
  }

  /** The counter of a key, made where there is none. Tell {@link settle} when it has counted. */
  obtain(rule: string, key: string, now: number): T {
    const own = bucket(rule, key);
    const known = this.#counters.get(own, now);
    if (known !== undefined) return known;
    if (this.#counters.isFull) this.#counters.sweep(now, STEPS_WHEN_FULL);
    if (!this.#counters.isFull) return this.#create(own);
    const shared = bucket(rule, wideKey(key));
    const wide = this.#counters.get(shared, now);
    if (wide !== undefined) return wide;
    const least = this.#punished.least();
    if (least !== undefined) this.#counters.delete(least.key);
    return this.#create(shared);
  }

  /** Puts a counter that has counted where it belongs. */
  settle(counter: T, now: number): void {
    this.#punished.place(counter, this.reading.share(counter, now));
  }

  /** Forgets, among the next `steps` keys, those that nothing is against any more. */
  sweep(now: number, steps: number): number {
    return this.#counters.sweep(now, steps);
  }

  /** Forgets everything. */
  clear(): void {
    this.#counters.clear();
  }

  #create(key: string): T {
    const counter = this.reading.create(key);
    this.#counters.set(key, counter);
    this.#punished.place(counter, 0);
    return counter;
  }
}

// A rule's name has no space in it, so that no key can reach into another rule.
const bucket = (rule: string, key: string): string => `${rule} ${key}`;
