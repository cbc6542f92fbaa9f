/** The upper bounds of durations, in seconds: from what a check takes to what a deadline allows. */
export const DURATION_BOUNDS: readonly number[] = Object.freeze([
  0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10,
]);

/** How often something took how long, in buckets. One observation is a few comparisons: messages are measured with it. */
export class DurationHistogram {
  /** How many fell between a bound and the one before; the last is above all of them. */
  readonly #counts = new Float64Array(DURATION_BOUNDS.length + 1);
  #sum = 0;

  /** @param ms what is not a number, or negative, is counted as none at all. */
  observe(ms: number): void {
    const seconds = ms > 0 ? ms / 1000 : 0;
    let at = 0;
    while (at < DURATION_BOUNDS.length && seconds > (DURATION_BOUNDS[at] as number)) at++;
    (this.#counts[at] as number)++;
    this.#sum += seconds;
  }

  /** In seconds. */
  get sum(): number {
    return this.#sum;
  }

  /** How many were at most as long as each bound, and how many there were at all. */
  get cumulative(): readonly number[] {
    let total = 0;
    return Array.from(this.#counts, (count) => (total += count));
  }
}
