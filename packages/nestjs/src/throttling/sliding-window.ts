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
   * Takes a hit, or refuses it. A refused hit does not count.
   *
   * @param now monotonic milliseconds; never less than at the call before.
   * @returns 0 when taken; otherwise the milliseconds until a hit would be taken.
   */
  hit(now: number): number {
    const horizon = now - this.ttl;
    const capacity = this.#moments.length;
    while (this.#size > 0 && (this.#moments[this.#head] as number) <= horizon) {
      this.#head = this.#head + 1 === capacity ? 0 : this.#head + 1;
      this.#size--;
    }
    if (this.#size >= this.limit) return Math.max(1, (this.#moments[this.#head] as number) - horizon);
    if (this.#size === capacity) this.#grow();
    let tail = this.#head + this.#size;
    if (tail >= this.#moments.length) tail -= this.#moments.length;
    this.#moments[tail] = now;
    this.#size++;
    return 0;
  }

  #grow(): void {
    const grown = new Float64Array(Math.min(this.limit, Math.max(INITIAL_CAPACITY, this.#moments.length * 2)));
    for (let i = 0; i < this.#size; i++) {
      grown[i] = this.#moments[(this.#head + i) % this.#moments.length] as number;
    }
    this.#moments = grown;
    this.#head = 0;
  }
}
