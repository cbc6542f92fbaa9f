import { CounterMap } from './counter-map.js';
import type { Punished } from './punishment-list.js';
import type { Score, ScoreRule } from './secure-ws.store.js';

const NEVER_CHARGED: Score = Object.freeze({ value: 0, charged: 0, ageMs: Infinity });

class ScoreCounter implements Punished {
  level = -1;
  previous: Punished | undefined;
  next: Punished | undefined;
  charged = 0;
  chargedAt = 0;
  rule: ScoreRule | undefined;

  constructor(readonly key: string) {}

  valueAt(now: number): number {
    const decay = this.rule === undefined ? 0 : (this.rule.decayPerSecond * (now - this.chargedAt)) / 1000;
    return Math.max(0, this.charged - decay);
  }

  read(now: number): Score {
    return { value: this.valueAt(now), charged: this.charged, ageMs: now - this.chargedAt };
  }
}

/** The decaying scores of a memory store. */
export class ScoreCounters {
  readonly #counters: CounterMap<ScoreCounter>;

  constructor(maxKeys: number) {
    this.#counters = new CounterMap(maxKeys, {
      create: (key) => new ScoreCounter(key),
      share: (counter, now) => (counter.rule === undefined ? 0 : counter.valueAt(now) / counter.rule.max),
    });
  }

  /** How many keys have a score. */
  get size(): number {
    return this.#counters.size;
  }

  /** As `SecureWsStore.charge`. */
  charge(key: string, weight: number, rule: ScoreRule, now: number): Score {
    const counter = this.#counters.obtain(rule.name, key, now);
    counter.charged = Math.min(rule.max, counter.valueAt(now) + weight);
    counter.chargedAt = now;
    counter.rule = rule;
    this.#counters.settle(counter, now);
    return counter.read(now);
  }

  /** As `SecureWsStore.score`. */
  score(key: string, rule: ScoreRule, now: number): Score {
    return this.#counters.find(rule.name, key, now)?.read(now) ?? NEVER_CHARGED;
  }

  /** Looks at the next `steps` keys. */
  sweep(now: number, steps: number): number {
    return this.#counters.sweep(now, steps);
  }

  /** Forgets everything. */
  clear(): void {
    this.#counters.clear();
  }
}
