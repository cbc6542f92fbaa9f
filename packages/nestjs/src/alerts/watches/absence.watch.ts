import type { SecurityEventData } from '../../events/security-event.js';
import type { ResolvedAlertRule } from '../alert-rule.js';
import type { RaisedAlerts } from '../raised-alerts.js';
import type { AlertWatch } from './alert-watch.js';
import { matchOf } from './event-match.js';

/** No event for a while. What has never come is not missed. */
export class AbsenceWatch implements AlertWatch {
  readonly types: AlertWatch['types'];
  readonly #matches: ReturnType<typeof matchOf>;
  #lastAt: number | undefined;

  constructor(
    private readonly rule: ResolvedAlertRule,
    readonly alerts: RaisedAlerts,
  ) {
    this.types = rule.types;
    this.#matches = matchOf(rule);
  }

  take(data: SecurityEventData, now: number): void {
    if (this.#matches(data)) this.#lastAt = now;
  }

  tick(now: number): void {
    const missedMs = this.#missedAt(now);
    if (missedMs === 0 || this.alerts.touch('', missedMs)) return;
    this.alerts.raise('', {}, (at) => ({ value: this.#missedAt(at) }));
  }

  /** For how many milliseconds none has come, where that is too long. */
  #missedAt(now: number): number {
    const elapsed = this.#lastAt === undefined ? 0 : Math.round(now - this.#lastAt);
    return elapsed < this.rule.windowMs ? 0 : elapsed;
  }
}
