const SLICES = 16;

/**
 * Allows at most `limit` units (bytes, or very many hits) in any window of `ttl` milliseconds, in constant memory.
 *
 * The window is cut into slices and a slice counts until all of it is out of the window: it refuses up to a sixteenth of
 * the window longer than {@link SlidingWindow}, and never admits more.
 */
export class WeightedWindow {
  readonly #slices = new Float64Array(SLICES + 1);
  readonly #sliceMs: number;
  #newest = -1;
  #total = 0;

  constructor(
    readonly limit: number,
    readonly ttl: number,
  ) {
    this.#sliceMs = ttl / SLICES;
  }

  /**
   * Takes `weight` units, or refuses them. Refused units do not count.
   *
   * @param now monotonic milliseconds; never less than at the call before.
   * @returns 0 when taken; otherwise the milliseconds until this weight would be taken (the whole window for a weight
   * above the limit, which never is).
   */
  hit(now: number, weight: number): number {
    if (this.used(now) + weight > this.limit) return this.#wait(now, weight);
    const index = this.#newest % (SLICES + 1);
    this.#slices[index] = (this.#slices[index] as number) + weight;
    this.#total += weight;
    return 0;
  }

  /** How many units count at `now`. */
  used(now: number): number {
    const slice = Math.floor(now / this.#sliceMs);
    if (slice !== this.#newest) this.#roll(slice);
    return this.#total;
  }

  #roll(slice: number): void {
    const first = Math.max(this.#newest + 1, slice - SLICES);
    for (let i = first; i <= slice; i++) {
      const index = i % (SLICES + 1);
      this.#total -= this.#slices[index] as number;
      this.#slices[index] = 0;
    }
    this.#newest = slice;
  }

  #wait(now: number, weight: number): number {
    let left = this.#total + weight - this.limit;
    for (let i = this.#newest - SLICES; i <= this.#newest; i++) {
      if (i < 0) continue;
      left -= this.#slices[i % (SLICES + 1)] as number;
      if (left <= 0) return Math.max(1, (i + SLICES + 1) * this.#sliceMs - now);
    }
    return this.ttl;
  }
}
