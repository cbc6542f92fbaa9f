import type { Clock } from '../core/clock.js';
import { randomId } from '../core/identifier.js';
import type { SecurityEventData } from '../events/security-event.js';
import type { ResolvedAlertRule } from './alert-rule.js';

/** Whom an alert is about; nothing where it is about everybody. */
export interface AlertSubject {
  readonly address?: string;
  readonly network?: string;
  readonly principal?: string;
  readonly seen?: string;
}

/** How far a subject is at a moment. */
export interface AlertLevel {
  readonly value: number;
  /** From where on there is an alert, where it moves. @default the limit of the rule */
  readonly limit?: number;
}

interface Raised {
  readonly alertId: string;
  readonly subject: AlertSubject;
  readonly startedAt: number;
  readonly startedTime: string;
  readonly limit: number;
  /** How far it is now; asked at each tick. */
  readonly level: (now: number) => AlertLevel;
  peak: number;
  /** Since when it has been below half of its limit. */
  calmSince: number | undefined;
  readonly onEnded: () => void;
}

/** An alert that is under way. */
export interface ActiveAlert extends AlertSubject {
  readonly alertId: string;
  readonly rule: string;
  readonly kind: ResolvedAlertRule['kind'];
  readonly severity: ResolvedAlertRule['severity'];
  readonly by: ResolvedAlertRule['by'];
  /** ISO 8601, UTC. */
  readonly since: string;
  readonly limit: number;
  /** The highest value since it was raised. */
  readonly peak: number;
}

/** How many subjects of one rule have alerts at once: an attacker with a million addresses must not send a million. */
export const MAX_RAISED = 20;

/** Hysteresis: what was raised at its limit is calm only below half of it. */
const CALM_SHARE = 0.5;

const nothing = (): void => undefined;

/** The alerts of one rule that are under way: each is told once, and ended when it has been calm for `quietMs`. */
export class RaisedAlerts {
  readonly #raised = new Map<string, Raised>();
  /** Subjects that found no room since the last tick. */
  #further = 0;
  /** The alert that tells how many those are. */
  #crowd: Raised | undefined;
  #crowdSize = 0;
  #crowdAt = 0;

  constructor(
    readonly rule: ResolvedAlertRule,
    private readonly clock: Clock,
    private readonly emit: (data: SecurityEventData) => void,
  ) {}

  /** What is under way. */
  get active(): readonly ActiveAlert[] {
    const { name, kind, severity } = this.rule;
    const crowd = this.#crowd === undefined ? [] : [this.#crowd];
    return [...this.#raised.values(), ...crowd].map(({ alertId, subject, startedTime, limit, peak }) => ({
      ...{ alertId, rule: name, kind, severity, by: this.#scopeOf(subject), ...subject },
      ...{ since: startedTime, limit, peak },
    }));
  }

  /** Goes on with an alert that is under way. @returns whether the subject has one. */
  touch(key: string, value: number): boolean {
    const raised = this.#raised.get(key);
    if (raised === undefined) return false;
    raised.peak = Math.max(raised.peak, value);
    raised.calmSince = undefined;
    return true;
  }

  /**
   * Raises an alert of a subject that has none: see {@link touch}.
   *
   * @param level answers how far it is, now and at a later moment.
   * @param onEnded called when the alert has ended.
   * @returns whether there was room; where not, the subject is counted with {@link addFurther}, once.
   */
  raise(key: string, subject: AlertSubject, level: Raised['level'], onEnded: () => void = nothing): boolean {
    if (this.#raised.size >= MAX_RAISED) return false;
    const { value, limit = this.rule.limit } = level(this.clock.monotonic());
    const raised = this.#make(subject, { value, limit }, level, onEnded);
    this.#raised.set(key, raised);
    this.#tell(raised, { value });
    return true;
  }

  /** Counts one more subject that met the rule and has no alert of its own. */
  addFurther(): void {
    this.#further++;
  }

  /** Ends what has been calm for long enough, and tells of those who found no room. */
  tick(now: number): void {
    for (const [key, raised] of this.#raised) {
      const { value, limit = this.rule.limit } = raised.level(now);
      if (value >= limit * CALM_SHARE) {
        raised.calmSince = undefined;
        raised.peak = Math.max(raised.peak, value);
        continue;
      }
      raised.calmSince ??= now;
      if (now - raised.calmSince < this.rule.quietMs) continue;
      this.#raised.delete(key);
      this.#tellEnd(raised, now);
    }
    this.#tickCrowd(now);
  }

  #tickCrowd(now: number): void {
    if (this.#further > 0) {
      this.#crowdSize += this.#further;
      this.#crowdAt = now;
      if (this.#crowd === undefined) {
        const level = { value: this.#further, limit: this.rule.limit };
        this.#crowd = this.#make({}, level, () => level, nothing);
        this.#tell(this.#crowd, { value: this.#further, further: this.#further });
      }
      this.#crowd.peak = this.#crowdSize;
      this.#further = 0;
      return;
    }
    if (this.#crowd === undefined || now - this.#crowdAt < this.rule.quietMs) return;
    const crowd = this.#crowd;
    this.#crowd = undefined;
    this.#crowdSize = 0;
    this.#tellEnd(crowd, now);
  }

  #make(
    subject: AlertSubject,
    { value, limit }: Required<AlertLevel>,
    level: Raised['level'],
    onEnded: () => void,
  ): Raised {
    return {
      ...{ alertId: randomId(), subject, limit, level, onEnded },
      startedAt: this.clock.monotonic(),
      startedTime: new Date(this.clock.now()).toISOString(),
      peak: value,
      calmSince: undefined,
    };
  }

  #tell(raised: Raised, reached: { readonly value: number; readonly further?: number }): void {
    this.emit({ type: 'ws.alert.raised', ...this.#factsOf(raised), ...reached });
  }

  #tellEnd(raised: Raised, now: number): void {
    raised.onEnded();
    const durationMs = Math.round(now - raised.startedAt);
    this.emit({ type: 'ws.alert.ended', ...this.#factsOf(raised), peak: raised.peak, durationMs });
  }

  #factsOf({ alertId, subject, limit }: Raised) {
    const { name: rule, kind, severity, windowMs } = this.rule;
    const by = this.#scopeOf(subject);
    return { alertId, rule, kind, severity, by, limit, ...(windowMs > 0 && { windowMs }), ...subject };
  }

  /** What tells of further subjects is about no single one. */
  #scopeOf(subject: AlertSubject): ResolvedAlertRule['by'] {
    return Object.keys(subject).length === 0 ? 'overall' : this.rule.by;
  }
}
