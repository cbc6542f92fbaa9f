import type { Linked } from '../core/linked-list.js';
import { RateWindows, type ThrottleRule } from '../core/rate-windows.js';
import type { Counter } from './counter-map.js';
import { remainingBackoffMs } from './backoff-rule.js';
import type { BackoffRule, ScoreRule } from './secure-ws.store.js';

abstract class ListedCounter {
  level = -1;
  previous: Linked | undefined;
  next: Linked | undefined;

  constructor(readonly key: string) {}
}

/** The windows of one list of rules for one key. */
export class RateCounter extends ListedCounter implements Counter {
  readonly windows: RateWindows;

  constructor(key: string, rules: readonly ThrottleRule[]) {
    super(key);
    this.windows = new RateWindows(rules);
  }

  share(now: number): number {
    return this.windows.share(now);
  }
}

/** The score of one rule for one key. */
export class ScoreCounter extends ListedCounter implements Counter {
  #charged = 0;
  #chargedAt = 0;

  constructor(
    key: string,
    private readonly rule: ScoreRule,
  ) {
    super(key);
  }

  share(now: number): number {
    return this.valueAt(now) / this.rule.max;
  }

  /** Adds to the score. */
  charge(weight: number, now: number): void {
    this.#charged = Math.min(this.rule.max, this.valueAt(now) + weight);
    this.#chargedAt = now;
  }

  /** For how long its key is in backoff. */
  backoffMs(rule: BackoffRule, now: number): number {
    return remainingBackoffMs(this.#charged, now - this.#chargedAt, rule);
  }

  /** The score as it is now. */
  valueAt(now: number): number {
    return Math.max(0, this.#charged - (this.rule.decayPerSecond * (now - this.#chargedAt)) / 1000);
  }
}
