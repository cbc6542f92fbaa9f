import type { RateWindow } from './sliding-window.js';

const SLICES = 16;

/**
 * Allows at most `limit` units (bytes, or very many hits) in any window of `ttl` milliseconds, in constant memory.
 *
 * The window is cut into slices and a slice counts until all of it is out of the window: it refuses up to a sixteenth of
 * the window longer than a `SlidingWindow`, and never admits more.
 */
export class WeightedWindow implements RateWindow {
  // No typed array: one is four objects, and its parts lie apart.
  readonly #slices = new Array<number>(SLICES + 1).fill(0);
  readonly #sliceMs: number;
  #newest = -1;
  #total = 0;

  constructor(
    readonly limit: number,
    readonly ttl: number,
  ) {
    this.#sliceMs = ttl / SLICES;
  }

  wait(now: number, weight: number, limit = this.limit): number {
    let left = this.used(now) + weight - limit;
    if (left <= 0) return 0;
    for (let i = Math.max(0, this.#newest - SLICES); i <= this.#newest; i++) {
      left -= this.#slices[i % (SLICES + 1)] as number;
      if (left <= 0) return Math.max(1, (i + SLICES + 1) * this.#sliceMs - now);
    }
    return this.ttl;
  }

  take(_now: number, weight: number): void {
    const index = this.#newest % (SLICES + 1);
    this.#slices[index] = (this.#slices[index] as number) + weight;
    this.#total += weight;
  }

  used(now: number): number {
    const slice = Math.floor(now / this.#sliceMs);
    if (slice !== this.#newest) this.#roll(slice);
    return this.#total;
  }

  #roll(slice: number): void {
    for (let i = Math.max(this.#newest + 1, slice - SLICES); i <= slice; i++) {
      const index = i % (SLICES + 1);
      this.#total -= this.#slices[index] as number;
      this.#slices[index] = 0;
    }
    this.#newest = slice;
  }
}
