import { WeightedWindow } from '../../core/weighted-window.js';
import type { SecurityEventData } from '../../events/security-event.js';
import type { ResolvedAlertRule } from '../alert-rule.js';
import type { RaisedAlerts } from '../raised-alerts.js';
import type { AlertWatch } from './alert-watch.js';
import { matchOf } from './event-match.js';

/** Too large a share of other events. */
export class RatioWatch implements AlertWatch {
  readonly types: AlertWatch['types'];
  readonly #matches: ReturnType<typeof matchOf>;
  readonly #part: WeightedWindow;
  readonly #whole: WeightedWindow;

  constructor(
    private readonly rule: ResolvedAlertRule,
    readonly alerts: RaisedAlerts,
  ) {
    this.types = rule.of;
    this.#matches = matchOf(rule);
    this.#part = new WeightedWindow(Infinity, rule.windowMs);
    this.#whole = new WeightedWindow(Infinity, rule.windowMs);
  }

  take(data: SecurityEventData, now: number): void {
    add(this.#whole, now);
    if (!this.#matches(data)) return;
    add(this.#part, now);
    const share = this.#shareAt(now);
    if (share < this.rule.limit || this.alerts.touch('', share)) return;
    this.alerts.raise('', {}, (at) => ({ value: this.#shareAt(at) }));
  }

  /** Rounded to a thousandth; 0 where there are too few to say. */
  #shareAt(now: number): number {
    const whole = this.#whole.used(now);
    return whole < this.rule.minEvents ? 0 : Math.round((this.#part.used(now) / whole) * 1000) / 1000;
  }
}

function add(window: WeightedWindow, now: number): void {
  window.used(now);
  window.take(now, 1);
}
