import { reasonOf, type SecurityEventData } from '../../events/security-event.js';
import type { AlertSubject } from '../active-alert.js';
import type { ResolvedAlertRule } from '../alert-rule.js';
import type { AlertLevelAt, RaisedAlerts } from '../raised-alerts.js';
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
  /** Values that found no room anywhere and were counted: the last ones, the oldest first. */
  readonly #counted = new Set<string>();
  readonly #learntAt: number;

  constructor(
    private readonly rule: ResolvedAlertRule,
    readonly alerts: RaisedAlerts,
    private readonly maxKeys: number,
    now: number,
  ) {
    this.types = rule.types;
    this.#matches = matchOf(rule);
    this.#learntAt = now + rule.learnMs;
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
    if (this.alerts.raise(value, this.#subjectOf(value), newsOnce())) this.#counted.delete(value);
    else this.#countFurther(value);
  }

  /** Counts a value, and not each event that has it. */
  #countFurther(value: string): void {
    if (this.#counted.has(value)) return;
    if (this.#counted.size >= this.maxKeys) {
      const [oldest] = this.#counted;
      this.#counted.delete(oldest as string);
    }
    this.#counted.add(value);
    this.alerts.addFurther();
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

/** A value is news at the moment at which its alert is raised, and never again. */
function newsOnce(): AlertLevelAt {
  let isNews = true;
  return () => {
    const reached = { value: isNews ? 1 : 0 };
    isNews = false;
    return reached;
  };
}
