const INITIAL_CAPACITY = 8;

/**
 * Allows at most `limit` hits in any window of `ttl` milliseconds, exactly: it keeps the moments of the hits that count.
 *
 * The ring starts small and grows to `limit` entries at most, so that an idle connection costs next to nothing.
 */
export class SlidingWindow {
  #moments = new Float64Array(0);
  #head = 0;
  #size = 0;

  constructor(
    readonly limit: number,
    readonly ttl: number,
  ) {}

  /**
   * Takes `cost` hits, or refuses them all. Refused hits do not count.
   *
   * @param now monotonic milliseconds; never less than at the call before.
   * @param cost a whole number.
   * @returns 0 when taken; otherwise the milliseconds until as many would be taken (the whole window for more than the
   * limit, which never are).
   */
  hit(now: number, cost = 1): number {
    const used = this.used(now);
    const excess = used + cost - this.limit;
    if (excess > 0) return excess > used ? this.ttl : Math.max(1, this.#momentAt(excess - 1) + this.ttl - now);
    while (used + cost > this.#moments.length) this.#grow();
    for (let i = 0; i < cost; i++) this.#moments[(this.#head + this.#size++) % this.#moments.length] = now;
    return 0;
  }

  /** How many hits count at `now`. */
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

  #grow(): void {
    const grown = new Float64Array(Math.min(this.limit, Math.max(INITIAL_CAPACITY, this.#moments.length * 2)));
    for (let i = 0; i < this.#size; i++) grown[i] = this.#momentAt(i);
    this.#moments = grown;
    this.#head = 0;
  }
}
