const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;

/** The part of what an hour may bring that may come at once. */
const SHARE_AT_ONCE = 1 / 10;

/** The part that one source may have: the others are on record beside it. */
const SHARE_OF_SOURCE = 1 / 4;

/** As many sources as are told apart. With more of them it is the bound over all that counts. */
const MAX_SOURCES = 1000;

/** A number that comes back over an hour. */
class Bucket {
  #left: number;
  #at: number;

  constructor(
    private readonly perHour: number,
    now: number,
  ) {
    this.#left = this.#most;
    this.#at = now;
  }

  has(now: number): boolean {
    this.#left = Math.min(this.#most, this.#left + ((now - this.#at) * this.perHour) / HOUR_MS);
    this.#at = now;
    return this.#left >= 1;
  }

  take(): void {
    this.#left--;
  }

  get #most(): number {
    return Math.max(1, this.perHour * SHARE_AT_ONCE);
  }
}

/**
 * How much of floods is written: so many of one kind in a second, so many of all kinds in an hour, and of these a quarter of
 * one source. A tenth of an hour's may come at once, so that no hour brings more than 1.1 times `perHour`.
 */
export class FloodBudget {
  readonly #passed = new Map<string, number>();
  /** The one that was seen last is the last one. */
  readonly #sources = new Map<string, Bucket>();
  #secondStart = -Infinity;
  #all: Bucket | undefined;

  constructor(private readonly perHour: number) {}

  /** Takes a place for an event. `now` is monotonic milliseconds. @returns whether there was one. */
  take(kind: string, perSecond: number, source: () => string, now: number): boolean {
    if (now - this.#secondStart >= SECOND_MS) {
      this.#secondStart = now;
      this.#passed.clear();
    }
    const passed = this.#passed.get(kind) ?? 0;
    if (passed >= perSecond || !this.#takeOfHour(source, now)) return false;
    this.#passed.set(kind, passed + 1);
    return true;
  }

  #takeOfHour(source: () => string, now: number): boolean {
    if (this.perHour === Infinity) return true;
    const all = (this.#all ??= new Bucket(this.perHour, now));
    if (!all.has(now)) return false;
    const own = this.#bucketOf(source(), now);
    if (!own.has(now)) return false;
    all.take();
    own.take();
    return true;
  }

  #bucketOf(source: string, now: number): Bucket {
    const bucket = this.#sources.get(source) ?? new Bucket(this.perHour * SHARE_OF_SOURCE, now);
    this.#sources.delete(source);
    this.#sources.set(source, bucket);
    if (this.#sources.size > MAX_SOURCES) {
      const [oldest] = this.#sources.keys();
      this.#sources.delete(oldest as string);
    }
    return bucket;
  }
}
