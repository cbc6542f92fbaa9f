import { WeightedWindow } from '../../core/weighted-window.js';
import type { SecurityEventData } from '../../events/security-event.js';
import type { ResolvedAlertRule } from '../alert-rule.js';
import { KeyTable } from '../key-table.js';
import type { RaisedAlerts } from '../raised-alerts.js';
import type { AlertWatch } from './alert-watch.js';
import { matchOf } from './event-match.js';
import { keysOf } from './event-subject.js';
import { type AlertedKey, raiseForKey } from './keyed-alert.js';

/** The events of one key. */
class CountedKey implements AlertedKey {
  lastAt = 0;
  isPinned = false;
  isFurther = false;
  readonly #window: WeightedWindow;

  constructor(
    readonly key: string,
    windowMs: number,
  ) {
    this.#window = new WeightedWindow(Infinity, windowMs);
  }

  used(now: number): number {
    return this.#window.used(now);
  }

  /** Counts an event. @returns how many there are now. */
  add(now: number): number {
    const used = this.#window.used(now);
    this.#window.take(now, 1);
    return used + 1;
  }
}

/** Too many events in a window, by key or overall. */
export class ThresholdWatch implements AlertWatch {
  readonly types: AlertWatch['types'];
  readonly #keys: KeyTable<CountedKey>;
  readonly #matches: ReturnType<typeof matchOf>;
  readonly #by: ReturnType<typeof keysOf>;

  constructor(
    private readonly rule: ResolvedAlertRule,
    readonly alerts: RaisedAlerts,
    maxKeys: number,
  ) {
    this.types = rule.types;
    this.#matches = matchOf(rule);
    this.#by = keysOf(rule.by);
    this.#keys = new KeyTable(maxKeys, (key) => new CountedKey(key, rule.windowMs));
  }

  take(data: SecurityEventData, now: number): void {
    if (!this.#matches(data)) return;
    const key = this.#by.keyOf(data);
    const entry = key === undefined ? undefined : this.#keys.take(key, now);
    if (entry === undefined) return;
    const value = entry.add(now);
    if (value < this.rule.limit) entry.isFurther = false;
    else if (!this.alerts.touch(entry.key, value)) raiseForKey(entry, this.#by.subjectOf(entry.key), this.alerts);
  }
}
