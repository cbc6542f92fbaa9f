import { type Cancel, Clock } from '../core/clock.js';

interface FakeTimer {
  due: number;
  readonly intervalMs: number | undefined;
  readonly run: () => void;
}

/** A clock that only moves when a test says so. Wall-clock and monotonic time move together. */
export class FakeClock extends Clock {
  readonly #timers = new Set<FakeTimer>();
  #elapsed = 0;
  #wallOffset: number;

  /** @param startsAt the wall-clock time to begin with, in milliseconds since 1970. @default 2026-01-01T00:00:00Z */
  constructor(startsAt: number = Date.UTC(2026, 0, 1)) {
    super();
    this.#wallOffset = startsAt;
  }

  /** How many timers are running. */
  get pending(): number {
    return this.#timers.size;
  }

  override now(): number {
    return this.#wallOffset + this.#elapsed;
  }

  override monotonic(): number {
    return this.#elapsed;
  }

  override every(intervalMs: number, run: () => void): Cancel {
    return this.#start({ due: this.#elapsed + intervalMs, intervalMs, run });
  }

  override after(delayMs: number, run: () => void): Cancel {
    return this.#start({ due: this.#elapsed + delayMs, intervalMs: undefined, run });
  }

  /** Moves time forward and runs every timer that falls due, in order. */
  advance(ms: number): void {
    const end = this.#elapsed + ms;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#elapsed = Math.max(this.#elapsed, next.due);
      if (next.intervalMs === undefined) this.#timers.delete(next);
      else next.due += next.intervalMs;
      next.run();
    }
    this.#elapsed = end;
  }

  /** Sets the wall clock as an operator would, without moving monotonic time. */
  stepWallClock(ms: number): void {
    this.#wallOffset += ms;
  }

  #start(timer: FakeTimer): Cancel {
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  #next(end: number): FakeTimer | undefined {
    let next: FakeTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.due <= end && (next === undefined || timer.due < next.due)) next = timer;
    }
    return next;
  }
}
