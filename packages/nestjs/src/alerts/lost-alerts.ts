import type { Cancel, Clock } from '../core/clock.js';
import type { AlertLoss } from '../events/catalogue/alert-events.js';

/** How often the losses of one receiver are told at most, in milliseconds. */
const REPORT_INTERVAL_MS = 1000;

/** Adds up what one receiver of alerts lost, and tells it at most once a second, by reason. */
export class LostAlerts {
  readonly #untold = new Map<AlertLoss, number>();
  #cancelReport: Cancel | undefined;
  #isClosed = false;

  /** @param tell is called with how many alerts were lost for one reason. It must not throw. */
  constructor(
    private readonly clock: Clock,
    private readonly tell: (reason: AlertLoss, count: number) => void,
  ) {}

  /** Counts alerts that were lost. After {@link close} it counts nothing: the audit has ended. */
  add(reason: AlertLoss, count = 1): void {
    if (this.#isClosed) return;
    this.#untold.set(reason, (this.#untold.get(reason) ?? 0) + count);
    // One timer at most, and none where nothing was lost.
    this.#cancelReport ??= this.clock.after(REPORT_INTERVAL_MS, () => this.#report());
  }

  /** Tells what is left. */
  close(): void {
    this.#isClosed = true;
    this.#report();
  }

  #report(): void {
    this.#cancelReport?.();
    this.#cancelReport = undefined;
    const lost = [...this.#untold];
    this.#untold.clear();
    for (const [reason, count] of lost) this.tell(reason, count);
  }
}
