import { reasonOf, type SecurityEventData } from '../../events/security-event.js';
import type { ResolvedAlertRule } from '../alert-rule.js';
import type { AlertSubject, RaisedAlerts } from '../raised-alerts.js';
import type { AlertWatch } from './alert-watch.js';
import { matchOf } from './event-match.js';
import { networkOf } from './event-subject.js';

/** Longer values are the same by their beginnings. */
const MAX_VALUE = 200;

/** A value that no event had before. */
export class FirstSeenWatch implements AlertWatch {
  readonly types: AlertWatch['types'];
  readonly #matches: ReturnType<typeof matchOf>;
  readonly #known = new Set<string>();
  readonly #learntAt: number;

  constructor(
    private readonly rule: ResolvedAlertRule,
    readonly alerts: RaisedAlerts,
    private readonly maxKeys: number,
    now: number,
  ) {
    this.types = rule.types;
    this.#matches = matchOf(rule);
    this.#learntAt = now + rule.windowMs;
  }

  /** How many values are known. */
  get size(): number {
    return this.#known.size;
  }

  take(data: SecurityEventData, now: number): void {
    if (!this.#matches(data)) return;
    const value = this.#valueOf(data);
    if (value === undefined || this.#known.has(value)) return;
    // What is known is never given up: or whoever fills the table makes news of what is old. What finds no room stays news,
    // which is told as further values.
    if (this.#known.size < this.maxKeys) this.#known.add(value);
    if (now < this.#learntAt) return;
    // One that found no room may have an alert already: each further event would raise another one.
    if (this.alerts.touch(value, 1)) return;
    let isNews = true;
    const level = () => {
      const reached = { value: isNews ? 1 : 0 };
      isNews = false;
      return reached;
    };
    if (!this.alerts.raise(value, this.#subjectOf(value), level)) this.alerts.addFurther();
  }

  #valueOf(data: SecurityEventData): string | undefined {
    switch (this.rule.value) {
      case 'reason':
        return reasonOf(data);
      case 'origin':
        return 'origin' in data ? data.origin?.slice(0, MAX_VALUE) : undefined;
      case 'network':
        return networkOf(data);
    }
  }

  #subjectOf(value: string): AlertSubject {
    return this.rule.value === 'network' ? { network: value } : { seen: value };
  }
}
