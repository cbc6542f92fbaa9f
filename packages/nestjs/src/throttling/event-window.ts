import { type RateWindow, SlidingWindow } from '../core/sliding-window.js';
import { WeightedWindow } from '../core/weighted-window.js';
import type { EventThrottle, ThrottleValues } from './throttle-rule.js';

/** Up to this many units a window of whole units keeps each moment (8 bytes a unit). */
const EXACT_UP_TO = 1024;

/** How many lengths a rule with a computed `ttl` may have at a time, for one subject. */
const MAX_LENGTHS = 8;

/**
 * One rule of an event for one subject. Its values may differ from one message to the next (by plan, role, hour): what was
 * taken counts all the same, so that no change of a value resets it for anybody.
 */
export class EventWindow {
  /** By their length. Each takes every message; only the one of the length that a message goes by is asked. */
  readonly #windows = new Map<number, RateWindow>();
  readonly #isShared: boolean;
  #blockedUntil = 0;
  /** The highest limit that was found used up: strangers who have a higher one are not blocked. */
  #blockedLimit = 0;

  constructor(private readonly rule: EventThrottle) {
    this.#isShared = isOfStrangers(rule);
  }

  /**
   * A rule without room blocks. What strangers share is blocked only for those whose limit has been used up: one message
   * that would find no room in an empty window must not have everybody else refused.
   *
   * @returns 0 when there is room; otherwise the milliseconds to wait.
   */
  wait(now: number, { limit, ttl, blockMs, cost }: ThrottleValues): number {
    if (now < this.#blockedUntil && !(this.#isShared && limit > this.#blockedLimit)) return this.#blockedUntil - now;
    const wait = this.#windowOf(now, ttl).wait(now, cost, limit);
    if (wait <= 0 || blockMs === 0 || (this.#isShared && cost > limit)) return wait;
    this.#blockedUntil = now + blockMs;
    // Whoever comes this far during a block has a higher limit than the one that it began with.
    this.#blockedLimit = limit;
    return blockMs;
  }

  /** As `RateWindows.halfWait()`, for what {@link wait} has answered 0 for. */
  halfWait(now: number, { limit, ttl, cost }: ThrottleValues): number {
    return this.#windowOf(now, ttl).wait(now, cost, Math.max(cost, Math.floor(limit / 2)));
  }

  /** Takes what {@link wait} answered 0 for, at the same moment. */
  take(now: number, { cost }: ThrottleValues): void {
    for (const window of this.#windows.values()) {
      window.used(now);
      window.take(now, cost);
    }
  }

  #windowOf(now: number, ttl: number): RateWindow {
    const known = this.#windows.get(ttl);
    if (known !== undefined) return known;
    const used = Math.max(0, ...[...this.#windows.values()].map((window) => window.used(now)));
    const { fixed } = this.rule;
    const isExact = fixed !== undefined && Number.isInteger(fixed.cost) && fixed.limit <= EXACT_UP_TO;
    const window = isExact ? new SlidingWindow(fixed.limit, ttl) : new WeightedWindow(Infinity, ttl);
    window.used(now);
    if (used > 0) window.take(now, used);
    this.#keep(ttl, window);
    return window;
  }

  /** The longest windows stay: whoever could have one given up by messages of many lengths would begin again at nothing. */
  #keep(ttl: number, window: RateWindow): void {
    this.#windows.set(ttl, window);
    if (this.#windows.size > MAX_LENGTHS) this.#windows.delete(Math.min(...this.#windows.keys()));
  }
}

/** Whether strangers count together by a rule: what one of them does is not the others' fault. */
export function isOfStrangers({ by }: Pick<EventThrottle, 'by'>): boolean {
  return by === 'address' || by === 'tenant';
}
