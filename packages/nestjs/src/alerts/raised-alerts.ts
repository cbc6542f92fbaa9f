import type { AlertEnd } from '../events/catalogue/alert-events.js';
import type { ActiveAlert, AlertSubject } from './active-alert.js';
import type { AlertReports, ToldAlert } from './alert-reports.js';
import type { ResolvedAlertRule } from './alert-rule.js';
import { FurtherSubjects } from './further-subjects.js';

/** How far a subject is at a moment. */
export interface AlertLevel {
  readonly value: number;
  /** From where on there is an alert, where it moves. @default the limit of the rule */
  readonly limit?: number;
}

/** Answers how far a subject is. @param now monotonic milliseconds. */
export type AlertLevelAt = (now: number) => AlertLevel;

interface Raised {
  readonly told: ToldAlert;
  readonly level: AlertLevelAt;
  readonly onEnded: () => void;
  /** Since when it has been below half of its limit. */
  calmSince: number | undefined;
}

/** How many subjects of one rule have alerts at once: an attacker with a million addresses must not send a million. */
const MAX_RAISED = 20;

/** Hysteresis: what was raised at its limit is calm only below half of it. */
const CALM_SHARE = 0.5;

const nothing = (): void => undefined;

/** The alerts of one rule that are under way: each is told once, and ended when it has been calm for `quietMs`. */
export class RaisedAlerts {
  readonly #raised = new Map<string, Raised>();
  readonly #further: FurtherSubjects;

  constructor(private readonly reports: AlertReports) {
    this.#further = new FurtherSubjects(reports);
  }

  /** What is under way. */
  get active(): readonly ActiveAlert[] {
    const told = [...this.#raised.values()].map((raised) => raised.told);
    const { told: further } = this.#further;
    return [...told, ...(further === undefined ? [] : [further])].map((alert) => this.reports.show(alert));
  }

  get #rule(): ResolvedAlertRule {
    return this.reports.rule;
  }

  /** Goes on with an alert that is under way. @returns whether the subject has one. */
  touch(key: string, value: number): boolean {
    const raised = this.#raised.get(key);
    if (raised === undefined) return false;
    raised.told.peak = Math.max(raised.told.peak, value);
    raised.calmSince = undefined;
    return true;
  }

  /**
   * Raises an alert of a subject that has none: see {@link touch}.
   *
   * @param level answers how far it is, now and at each tick.
   * @param onEnded called when the alert has ended.
   * @returns whether there was room; where not, the subject is counted with {@link addFurther}, once.
   */
  raise(key: string, subject: AlertSubject, level: AlertLevelAt, onEnded: () => void = nothing): boolean {
    if (this.#raised.size >= MAX_RAISED) return false;
    const { value, limit = this.#rule.limit } = level(this.reports.now);
    const told = this.reports.begin(subject, { value, limit });
    this.#raised.set(key, { told, level, onEnded, calmSince: undefined });
    return true;
  }

  /** Counts one more subject that met the rule and has no alert of its own. */
  addFurther(): void {
    this.#further.add();
  }

  /** Ends what has been calm for long enough, and tells of those who found no room. */
  tick(now: number): void {
    for (const [key, raised] of this.#raised) {
      const { value, limit = this.#rule.limit } = raised.level(now);
      if (value >= limit * CALM_SHARE) {
        raised.calmSince = undefined;
        raised.told.peak = Math.max(raised.told.peak, value);
        continue;
      }
      raised.calmSince ??= now;
      if (now - raised.calmSince >= this.#rule.quietMs) this.#end(key, raised, 'calm');
    }
    this.#further.tick(now);
  }

  /** Ends what is under way: nobody looks any longer. */
  close(): void {
    for (const [key, raised] of this.#raised) this.#end(key, raised, 'shutdown');
    this.#further.close();
  }

  #end(key: string, { told, onEnded }: Raised, because: AlertEnd): void {
    this.#raised.delete(key);
    onEnded();
    this.reports.end(told, because);
  }
}
