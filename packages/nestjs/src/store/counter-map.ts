import { type Punished, PunishmentList } from './punishment-list.js';
import { SweptMap } from './swept-map.js';

/** How many keys are looked at for one that is over, when a new one finds no room. */
const STEPS_WHEN_FULL = 8;

/** A counter of a {@link CounterMap}. */
export interface Counter extends Punished {
  /** How much the counter has against its key: 0 is nothing, 1 the most there is. */
  share(now: number): number;
}

/**
 * Counters by rule and key that count against their key, in bounded memory (DR-16).
 *
 * A full map gives up the key that is punished least: an attacker who makes up millions of keys loses only those, and cannot get rid of
 * what another key has against it, and further keys share one counter for each /48.
 */
export class CounterMap<R extends object, T extends Counter> {
  readonly #counters: SweptMap<T>;
  readonly #punished = new PunishmentList<T>();
  readonly #names = new WeakMap<R, string>();

  constructor(
    maxKeys: number,
    private readonly create: (key: string, rule: R) => T,
    /** What tells a rule from others, as JSON: that says where it ends, so that no key can reach into another rule. */
    private readonly nameOf: (rule: R) => string,
  ) {
    this.#counters = new SweptMap<T>(
      maxKeys,
      (counter, now) => this.settle(counter, now) <= 0,
      (counter) => this.#punished.remove(counter),
    );
  }

  /** How many keys have a counter. */
  get size(): number {
    return this.#counters.size;
  }

  /** The counter that counts for a key; `undefined` when nothing is against it. */
  find(rule: R, key: string, now: number): T | undefined {
    const own = this.#counters.get(this.#bucket(rule, key), now);
    const shared = wideKey(key);
    return own !== undefined || shared === key ? own : this.#counters.get(this.#bucket(rule, shared), now);
  }

  /** The counter of a key, made where there is none. Tell {@link settle} when it has counted. */
  obtain(rule: R, key: string, now: number): T {
    const own = this.#bucket(rule, key);
    const known = this.#counters.get(own, now);
    if (known !== undefined) return known;
    if (this.#counters.isFull) this.#counters.sweep(now, STEPS_WHEN_FULL);
    if (!this.#counters.isFull) return this.#add(own, rule);
    const shared = this.#bucket(rule, wideKey(key));
    const wide = this.#counters.get(shared, now);
    if (wide !== undefined) return wide;
    const least = this.#punished.least();
    if (least !== undefined) this.#counters.delete(least.key);
    return this.#add(shared, rule);
  }

  /** Puts a counter that has counted where it belongs. @returns its share. */
  settle(counter: T, now: number): number {
    const share = counter.share(now);
    this.#punished.place(counter, share);
    return share;
  }

  /** Forgets, among the next `steps` keys, those that nothing is against any more. */
  sweep(now: number, steps: number): number {
    return this.#counters.sweep(now, steps);
  }

  /** Forgets everything. */
  clear(): void {
    this.#counters.clear();
  }

  #add(key: string, rule: R): T {
    const counter = this.create(key, rule);
    this.#counters.set(key, counter);
    this.#punished.place(counter, 0);
    return counter;
  }

  #bucket(rule: R, key: string): string {
    let name = this.#names.get(rule);
    if (name === undefined) this.#names.set(rule, (name = this.nameOf(rule)));
    return name + key;
  }
}

const IPV6_64 = /^address:([0-9a-f]{1,4}:[0-9a-f]{1,4}:[0-9a-f]{1,4}):[0-9a-f]{1,4}::\/64$/;

/**
 * The key that an address shares where there is no room for one of its own: for IPv6 its /48, the most that one customer of
 * a provider usually has (RFC 6177), of which it can make 65,536 keys.
 *
 * IPv4 keeps its own: nobody completes a handshake from addresses at will there, and a flood of IPv6 keys must not make
 * strangers on IPv4 share one budget.
 *
 * @returns the key itself where there is none to share.
 */
export function wideKey(key: string): string {
  const network = IPV6_64.exec(key)?.[1];
  return network === undefined ? key : `address:${network}::/48`;
}
