import { SlidingWindow } from '../core/sliding-window.js';
import { WeightedWindow } from '../core/weighted-window.js';
import { CounterMap } from './counter-map.js';
import type { Punished } from './punishment-list.js';
import type { RateRule } from './secure-ws.store.js';

/** Above this many units a window counts in slices instead of keeping each moment (8 bytes a unit). */
const EXACT_UP_TO = 1024;

class RateCounter implements Punished {
  level = -1;
  previous: Punished | undefined;
  next: Punished | undefined;
  window: SlidingWindow | WeightedWindow | undefined;

  constructor(readonly key: string) {}

  /** The window for a rule; a new one when the rule was changed. */
  windowFor({ limit, ttlMs }: RateRule): SlidingWindow | WeightedWindow {
    const { window } = this;
    if (window !== undefined && window.limit === limit && window.ttl === ttlMs) return window;
    return (this.window = limit <= EXACT_UP_TO ? new SlidingWindow(limit, ttlMs) : new WeightedWindow(limit, ttlMs));
  }
}

/** The sliding windows of a memory store. */
export class RateCounters {
  readonly #counters: CounterMap<RateCounter>;

  constructor(maxKeys: number) {
    this.#counters = new CounterMap(maxKeys, {
      create: (key) => new RateCounter(key),
      share: ({ window }, now) => (window === undefined ? 0 : window.used(now) / window.limit),
    });
  }

  /** How many keys are counted. */
  get size(): number {
    return this.#counters.size;
  }

  /** As `SecureWsStore.hit`. */
  hit(key: string, rule: RateRule, cost: number, now: number): number {
    if (rule.limit === Infinity) return 0;
    const counter = this.#counters.obtain(rule.name, key, now);
    const waitMs = counter.windowFor(rule).hit(now, cost);
    this.#counters.settle(counter, now);
    return Math.ceil(waitMs);
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
