const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;

/** The part of what an hour may bring that may come at once. */
const SHARE_AT_ONCE = 1 / 10;

/** The part that one source may have: the others are on record beside it. */
const SHARE_OF_SOURCE = 1 / 4;

/** The part that each source has before others: what the reserve is for. */
const SHARE_OF_QUIET = 1 / 20;

/** The part of what may come at once that is kept for those. */
const RESERVE = 1 / 4;

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

  /** @param reserved the part of what may come at once that has to be left. */
  has(now: number, reserved = 0): boolean {
    this.#left = Math.min(this.#most, this.#left + ((now - this.#at) * this.perHour) / HOUR_MS);
    this.#at = now;
    return this.#left >= 1 + reserved * this.#most;
  }

  take(): void {
    this.#left--;
  }

  get #most(): number {
    return Math.max(1, this.perHour * SHARE_AT_ONCE);
  }
}

interface Source {
  readonly own: Bucket;
  /** What of that the reserve is for. */
  readonly quiet: Bucket;
}

/**
 * How much of floods is written: so many of one kind in a second, so many of all kinds in an hour, and of these a quarter of
 * one source. A tenth of an hour's may come at once, so that no hour brings more than 1.1 times `perHour`.
 *
 * Four sources could have all of that. So a quarter of what may come at once is kept for who has caused no more than a twentieth of an
 * hour's: as many as twenty that do all they can leave room for one that does little.
 */
export class FloodBudget {
  readonly #passed = new Map<string, number>();
  /** The one that was seen last is the last one. */
  readonly #sources = new Map<string, Source>();
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
    const { own, quiet } = this.#sourceOf(source(), now);
    if (!own.has(now)) return false;
    if (quiet.has(now)) quiet.take();
    else if (!all.has(now, RESERVE)) return false;
    all.take();
    own.take();
    return true;
  }

  #sourceOf(name: string, now: number): Source {
    const source = this.#sources.get(name) ?? {
      own: new Bucket(this.perHour * SHARE_OF_SOURCE, now),
      quiet: new Bucket(this.perHour * SHARE_OF_QUIET, now),
    };
    this.#sources.delete(name);
    this.#sources.set(name, source);
    if (this.#sources.size > MAX_SOURCES) {
      const [oldest] = this.#sources.keys();
      this.#sources.delete(oldest as string);
    }
    return source;
  }
}
