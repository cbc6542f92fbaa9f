import type { Cancel, Clock } from '../../core/clock.js';

/** When a report that was asked for is made. */
export interface ReportTimes {
  /** So many milliseconds after it was asked for first. */
  readonly afterMs: number;
  /** So many milliseconds after the one before, at the earliest. */
  readonly everyMs: number;
}

/** Makes reports out of many askings: one timer at most, and none where nobody has asked. */
export class ReportTimer {
  #cancel: Cancel | undefined;
  #earliest = -Infinity;

  constructor(
    private readonly clock: Clock,
    private readonly times: ReportTimes,
    private readonly report: () => void,
  ) {}

  /** Asks for a report. */
  ask(): void {
    if (this.#cancel !== undefined) return;
    const delay = Math.max(this.times.afterMs, this.#earliest - this.clock.monotonic());
    this.#cancel = this.clock.after(delay, () => this.run());
  }

  /** Makes it at once. */
  run(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#earliest = this.clock.monotonic() + this.times.everyMs;
    this.report();
  }
}
