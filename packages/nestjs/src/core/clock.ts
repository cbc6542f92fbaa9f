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

  /**
   * Runs `run` every `intervalMs` until it is cancelled, when what has arrived by then has been read: a process that stood still
   * would otherwise close those whose pong lies in its sockets. Does not keep the process alive.
   */
  abstract every(intervalMs: number, run: () => void): Cancel;

  /** Runs `run` once after `delayMs`, which must be below 2^31. Does not keep the process alive. */
  abstract after(delayMs: number, run: () => void): Cancel;
}

/** A turn of the event loop that takes longer has stood still, and has not seen what came meanwhile, in milliseconds. */
const STOOD_STILL_MS = 100;

/** Runs something when the sockets have been read: Node 20 runs timers before it looks at them, and immediates behind that. */
class ReadTurn {
  #immediate: NodeJS.Immediate | undefined;

  constructor(private readonly run: () => void) {}

  begin(): void {
    // Begun once: where every turn is as slow it would never end otherwise.
    if (this.#immediate !== undefined) return;
    const begun = performance.now();
    this.#next(() => {
      if (performance.now() - begun < STOOD_STILL_MS) this.run();
      else this.#next(this.run);
    });
  }

  cancel(): void {
    clearImmediate(this.#immediate);
  }

  #next(run: () => void): void {
    this.#immediate = setImmediate(() => {
      this.#immediate = undefined;
      run();
    });
    this.#immediate.unref();
  }
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
    const turn = new ReadTurn(run);
    const timer = setInterval(() => turn.begin(), intervalMs);
    timer.unref();
    return () => {
      clearInterval(timer);
      turn.cancel();
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
