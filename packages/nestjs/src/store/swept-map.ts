/** A map that forgets what is over in small steps, and says when its owner must make room. */
export class SweptMap<T> {
  readonly #entries = new Map<string, T>();
  #lap = this.#entries.entries();
  #leftInLap = 0;

  constructor(
    readonly maxKeys: number,
    /** Whether a value means nothing any more. */
    private readonly isOver: (value: T, now: number) => boolean,
    private readonly onForgotten: (value: T) => void = () => undefined,
  ) {}

  /** How many keys there are, those that are over and not yet swept included. */
  get size(): number {
    return this.#entries.size;
  }

  /** Whether there is no room for a new key. */
  get isFull(): boolean {
    return this.#entries.size >= this.maxKeys;
  }

  /** Whether a key has a value, be it over or not. */
  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** The value of a key, unless it is over. */
  get(key: string, now: number): T | undefined {
    const value = this.#entries.get(key);
    if (value === undefined || !this.isOver(value, now)) return value;
    this.delete(key);
    return undefined;
  }

  /** Sets the value of a key. Whoever owns the map makes room before a new one. */
  set(key: string, value: T): void {
    this.#entries.set(key, value);
  }

  /** Forgets a key. */
  delete(key: string): void {
    const value = this.#entries.get(key);
    if (value === undefined) return;
    this.#entries.delete(key);
    this.onForgotten(value);
  }

  /** Forgets everything. */
  clear(): void {
    this.#entries.clear();
    this.#leftInLap = 0;
  }

  /**
   * Looks at the next `steps` keys and forgets those that are over.
   *
   * @returns how many keys it looked at.
   */
  sweep(now: number, steps: number): number {
    const most = Math.min(steps, this.#entries.size);
    for (let done = 0; done < most; done++) {
      const [key, value] = this.#next();
      if (key === undefined) return done;
      if (this.isOver(value, now)) this.delete(key);
    }
    return most;
  }

  #next(): readonly [string, T] | readonly [undefined, undefined] {
    // A lap has an end of its own: with keys coming in faster than they are looked at, an iterator would follow them for
    // ever and never come back to the old ones.
    if (this.#leftInLap <= 0) this.#startLap();
    this.#leftInLap--;
    let next = this.#lap.next();
    if (next.done === true) {
      this.#startLap();
      this.#leftInLap--;
      next = this.#lap.next();
    }
    return next.done === true ? [undefined, undefined] : next.value;
  }

  #startLap(): void {
    this.#lap = this.#entries.entries();
    this.#leftInLap = this.#entries.size;
  }
}
