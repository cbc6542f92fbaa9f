import { WeightedWindow } from '../../core/weighted-window.js';
import type { SecurityEventData } from '../../events/security-event.js';
import type { ResolvedAlertRule } from '../alert-rule.js';
import type { RaisedAlerts } from '../raised-alerts.js';
import type { AlertWatch } from './alert-watch.js';
import { matchOf } from './event-match.js';

/** How many windows are learnt evenly at first; from then on a new one has a tenth of the average. */
const LEARNT = 10;

/**
 * More events in a window than a multiple of the average of the windows before. A window is learnt for no more than what
 * would raise the alert, so that a burst does not become what is usual, and lasting growth does within a while.
 */
export class SpikeWatch implements AlertWatch {
  readonly types: AlertWatch['types'];
  readonly #matches: ReturnType<typeof matchOf>;
  readonly #window: WeightedWindow;
  /** Events of the window that is being learnt. */
  #count = 0;
  #learnAt: number;
  #windows = 0;
  #average = 0;

  constructor(
    private readonly rule: ResolvedAlertRule,
    readonly alerts: RaisedAlerts,
    now: number,
  ) {
    this.types = rule.types;
    this.#matches = matchOf(rule);
    this.#window = new WeightedWindow(Infinity, rule.windowMs);
    this.#learnAt = now + rule.windowMs;
  }

  /** From how many events on there is a spike. */
  get #limit(): number {
    const { factor, minEvents } = this.rule;
    // Nothing is known yet of what is usual: less watchful, and not blind.
    if (this.#windows < LEARNT) return Math.ceil(factor * Math.max(minEvents, this.#average));
    return Math.max(minEvents, Math.ceil(factor * this.#average));
  }

  take(data: SecurityEventData, now: number): void {
    if (!this.#matches(data)) return;
    this.#learnUntil(now);
    this.#count++;
    const used = this.#window.used(now) + 1;
    this.#window.take(now, 1);
    if (used < this.#limit || this.alerts.touch('', used)) return;
    this.alerts.raise('', {}, (at) => ({ value: this.#window.used(at), limit: this.#limit }));
  }

  tick(now: number): void {
    this.#learnUntil(now);
  }

  #learnUntil(now: number): void {
    // After a long pause of the process there is nothing to learn from more empty windows than are remembered.
    const missed = Math.floor((now - this.#learnAt) / this.rule.windowMs);
    if (missed > LEARNT) this.#learnAt += (missed - LEARNT) * this.rule.windowMs;
    for (; now >= this.#learnAt; this.#learnAt += this.rule.windowMs) {
      const learnt = Math.min(this.#count, this.#limit);
      this.#windows = Math.min(LEARNT, this.#windows + 1);
      this.#average += (learnt - this.#average) / this.#windows;
      this.#count = 0;
    }
  }
}
