import { type RateWindow, SlidingWindow } from './sliding-window.js';
import { WeightedWindow } from './weighted-window.js';

/** At most `limit` hits in any `ttl` milliseconds: the words of `@nestjs/throttler`. */
export interface ThrottleRule {
  /** How many hits; a whole number, or `Infinity` for no limit. */
  readonly limit: number;
  /** The sliding window in milliseconds. */
  readonly ttl: number;
  /** Refuse for this long, in milliseconds, once a hit found no room. @default 0: only until the window has room */
  readonly blockDuration?: number;
  /** Tells the rule from others: in a store, and for `@SkipThrottle`. @default 'default' */
  readonly name?: string;
}

/** Above this many units a window counts in slices instead of keeping each moment (8 bytes a unit). */
const EXACT_UP_TO = 1024;

interface CountedRule {
  readonly window: RateWindow;
  readonly blockMs: number;
  blockedUntil: number;
}

/**
 * The windows of several rules for one subject, hit together: each takes a hit, or none does. Otherwise what the short
 * window refuses would use up the long one, and a client that is merely hasty would be blocked.
 */
export class RateWindows {
  readonly #rules: readonly CountedRule[];

  constructor(rules: readonly ThrottleRule[]) {
    this.#rules = rules
      .filter(({ limit }) => limit !== Infinity)
      .map(({ limit, ttl, blockDuration: blockMs = 0 }) => {
        const window = limit <= EXACT_UP_TO ? new SlidingWindow(limit, ttl) : new WeightedWindow(limit, ttl);
        return { window, blockMs, blockedUntil: 0 };
      });
  }

  /**
   * Takes `cost` units in every window, or none.
   *
   * @param now monotonic milliseconds; never less than at the call before.
   * @param cost a whole number. @default 1
   * @returns 0 when taken; otherwise the milliseconds to wait.
   */
  hit(now: number, cost = 1): number {
    const wait = this.wait(now, cost);
    if (wait === 0) this.take(now, cost);
    return wait;
  }

  /** As {@link hit}, but takes nothing. Ask only what is refused unless the answer is 0: a rule without room blocks. */
  wait(now: number, cost = 1): number {
    let longest = 0;
    for (const rule of this.#rules) longest = Math.max(longest, waitFor(rule, now, cost));
    return longest;
  }

  /** As {@link wait} if the limits were half of what they are, but always one such hit; blocks nothing. */
  halfWait(now: number, cost = 1): number {
    let longest = 0;
    for (const { window } of this.#rules) {
      longest = Math.max(longest, window.wait(now, cost, Math.max(cost, Math.floor(window.limit / 2))));
    }
    return longest;
  }

  /** Takes what {@link wait} answered 0 for, at the same moment. */
  take(now: number, cost = 1): void {
    for (const { window } of this.#rules) window.take(now, cost);
  }

  /** How much of the limits is used up: from 0 to 1, which is also what a block amounts to. */
  share(now: number): number {
    let share = 0;
    for (const { window, blockedUntil } of this.#rules) {
      share = Math.max(share, now < blockedUntil ? 1 : window.used(now) / window.limit);
    }
    return share;
  }
}

function waitFor(rule: CountedRule, now: number, cost: number): number {
  if (now < rule.blockedUntil) return rule.blockedUntil - now;
  const wait = rule.window.wait(now, cost);
  if (wait === 0 || rule.blockMs === 0) return wait;
  rule.blockedUntil = now + rule.blockMs;
  return rule.blockMs;
}
