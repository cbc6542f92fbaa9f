/** Ends a timer that {@link Clock.every} or {@link Clock.after} started. Calling it twice is harmless. */
export type Cancel = () => void;

/**
 * The source of time and the owner of timers; a provider, so that tests move time instead of waiting for it.
 *
 * Wall-clock time is for what the outside world dates (token expiry, audit); intervals are measured with the monotonic
 * clock, which an operator's correction of the date cannot move.
 */
export abstract class Clock {
  /** Wall-clock time in milliseconds since 1970. */
  abstract now(): number;

  /** Milliseconds since an arbitrary moment; never steps back. */
  abstract monotonic(): number;

  /** Runs `run` every `intervalMs` until it is cancelled. Does not keep the process alive. */
  abstract every(intervalMs: number, run: () => void): Cancel;

  /** Runs `run` once after `delayMs`, which must be below 2^31. Does not keep the process alive. */
  abstract after(delayMs: number, run: () => void): Cancel;
}

/** The clock of the machine. */
export class SystemClock extends Clock {
  override now(): number {
    return Date.now();
  }

  override monotonic(): number {
    return performance.now();
  }

  override every(intervalMs: number, run: () => void): Cancel {
    const timer = setInterval(run, intervalMs);
    timer.unref();
    return () => {
      clearInterval(timer);
    };
  }

  override after(delayMs: number, run: () => void): Cancel {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  }
}
