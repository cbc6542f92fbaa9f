import type { Clock } from '../core/clock.js';
import { randomId } from '../core/identifier.js';
import type { AlertEnd } from '../events/catalogue/alert-events.js';
import type { SecurityEventData } from '../events/security-event.js';
import type { ActiveAlert, AlertSubject } from './active-alert.js';
import type { ResolvedAlertRule } from './alert-rule.js';

/** An alert that was told. */
export interface ToldAlert {
  readonly alertId: string;
  readonly subject: AlertSubject;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  /** ISO 8601, UTC. */
  readonly since: string;
  readonly limit: number;
  /** The highest value until now. */
  peak: number;
}

/** What was reached when an alert was raised. */
export interface AlertReached {
  readonly value: number;
  readonly limit: number;
  /** How many subjects met the rule that have no alert of their own. */
  readonly further?: number;
}

/** Tells that alerts of one rule begin and end. */
export class AlertReports {
  constructor(
    readonly rule: ResolvedAlertRule,
    private readonly clock: Clock,
    private readonly emit: (data: SecurityEventData) => void,
  ) {}

  /** Monotonic milliseconds. */
  get now(): number {
    return this.clock.monotonic();
  }

  /** Tells of a new alert. */
  begin(subject: AlertSubject, { limit, ...reached }: AlertReached): ToldAlert {
    const since = new Date(this.clock.now()).toISOString();
    const alert = { alertId: randomId(), subject, startedAt: this.now, since, limit, peak: reached.value };
    this.emit({ type: 'ws.alert.raised', ...this.#factsOf(alert), ...reached });
    return alert;
  }

  /** Tells that an alert is over, and why. */
  end(alert: ToldAlert, because: AlertEnd): void {
    const durationMs = Math.round(this.now - alert.startedAt);
    this.emit({ type: 'ws.alert.ended', ...this.#factsOf(alert), because, peak: alert.peak, durationMs });
  }

  /** What an application is shown of an alert. */
  show({ alertId, subject, since, limit, peak }: ToldAlert): ActiveAlert {
    const { name: rule, kind, severity } = this.rule;
    return { alertId, rule, kind, severity, by: this.#scopeOf(subject), ...subject, since, limit, peak };
  }

  #factsOf({ alertId, subject, limit }: ToldAlert) {
    const { name: rule, kind, severity, windowMs } = this.rule;
    const hasWindow = kind !== 'first-seen';
    return {
      ...{ alertId, rule, kind, severity, by: this.#scopeOf(subject), limit },
      ...(hasWindow && { windowMs }),
      ...subject,
    };
  }

  /** What tells of further subjects is about no single one. */
  #scopeOf(subject: AlertSubject): ResolvedAlertRule['by'] {
    return Object.keys(subject).length === 0 ? 'overall' : this.rule.by;
  }
}
