/** One window. Callers ask {@link wait} first and {@link take} at the same moment; time never steps back between calls. */
export interface RateWindow {
  readonly limit: number;
  /**
   * Milliseconds until `cost` units would be taken; 0 when there is room, and the whole window for more than the limit.
   *
   * @param limit in place of {@link limit}, for a limit that differs from one call to the next.
   */
  wait(now: number, cost: number, limit?: number): number;
  /** Takes what {@link wait} has room for. */
  take(now: number, cost: number): void;
  /** How many units count at `now` (monotonic milliseconds). */
  used(now: number): number;
}

/** Most keys of a store are seen once or twice. */
const INITIAL_CAPACITY = 2;

const NONE: readonly number[] = Object.freeze([]);

/**
 * Allows at most `limit` hits in any window of `ttl` milliseconds, exactly: it keeps the moments of the hits that count.
 *
 * The ring starts small and grows to `limit` entries at most, so that an idle connection costs next to nothing.
 */
export class SlidingWindow implements RateWindow {
  // No typed array: one is four objects, which a million keys would pay for.
  #moments = NONE as number[];
  #head = 0;
  #size = 0;

  constructor(
    readonly limit: number,
    readonly ttl: number,
  ) {}

  wait(now: number, cost: number, limit = this.limit): number {
    const used = this.used(now);
    const excess = used + cost - limit;
    if (excess <= 0) return 0;
    return excess > used ? this.ttl : Math.max(1, this.#momentAt(excess - 1) + this.ttl - now);
  }

  take(now: number, cost: number): void {
    if (this.#size + cost > this.#moments.length) this.#grow(this.#size + cost);
    for (let i = 0; i < cost; i++) this.#moments[(this.#head + this.#size++) % this.#moments.length] = now;
  }

  used(now: number): number {
    const horizon = now - this.ttl;
    while (this.#size > 0 && this.#momentAt(0) <= horizon) {
      this.#head = this.#head + 1 === this.#moments.length ? 0 : this.#head + 1;
      this.#size--;
    }
    return this.#size;
  }

  #momentAt(index: number): number {
    return this.#moments[(this.#head + index) % this.#moments.length] as number;
  }

  #grow(needed: number): void {
    const wanted = Math.min(this.limit, Math.max(INITIAL_CAPACITY, this.#moments.length * 2));
    const grown = new Array<number>(Math.max(needed, wanted)).fill(0);
    for (let i = 0; i < this.#size; i++) grown[i] = this.#momentAt(i);
    this.#moments = grown;
    this.#head = 0;
  }
}
