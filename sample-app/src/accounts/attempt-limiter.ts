/** What a limiter allows. */
export interface AttemptLimit {
  /** Attempts of one key in one window. */
  readonly limit: number;
  /** The length of the window. */
  readonly windowMs: number;
  /** Keys that are remembered at once. @default 10000 */
  readonly maxKeys?: number;
}

interface Window {
  readonly endsAt: number;
  attempts: number;
}

/** Counts attempts by key in fixed windows, in bounded memory. */
export class AttemptLimiter {
  readonly #windows = new Map<string, Window>();

  constructor(
    private readonly options: AttemptLimit,
    private readonly now: () => number = Date.now,
  ) {}

  /** How many keys are remembered. */
  get size(): number {
    return this.#windows.size;
  }

  /**
   * Counts one attempt.
   *
   * @returns 0 when it is allowed, else the milliseconds until the next one is.
   */
  take(key: string): number {
    const now = this.now();
    let window = this.#windows.get(key);
    if (window === undefined || window.endsAt <= now) {
      this.#windows.delete(key);
      this.makeRoom(now);
      window = { endsAt: now + this.options.windowMs, attempts: 0 };
      this.#windows.set(key, window);
    }
    if (window.attempts >= this.options.limit) return window.endsAt - now;
    window.attempts += 1;
    return 0;
  }

  /** Takes one attempt back: it turned out to be a good one. */
  giveBack(key: string): void {
    const window = this.#windows.get(key);
    if (window !== undefined && window.attempts > 0) window.attempts -= 1;
  }

  private makeRoom(now: number): void {
    if (this.#windows.size < (this.options.maxKeys ?? 10_000)) return;
    // The map keeps the order of insertion and all windows are equally long: the ended ones come first, then the one
    // that ends next, which is the cheapest to forget.
    for (const [key, window] of this.#windows) {
      if (window.endsAt > now) {
        if (this.#windows.size >= (this.options.maxKeys ?? 10_000)) this.#windows.delete(key);
        return;
      }
      this.#windows.delete(key);
    }
  }
}
