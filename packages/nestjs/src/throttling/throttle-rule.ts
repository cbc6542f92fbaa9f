import { SlidingWindow } from '../core/sliding-window.js';
import { WeightedWindow } from '../core/weighted-window.js';

/** Above this many hits a window counts in slices instead of keeping each moment (8 bytes a hit). */
const EXACT_UP_TO = 1024;

/** At most `limit` hits in any `ttl` milliseconds: the words of `@nestjs/throttler`. */
export interface ThrottleRule {
  /** How many hits. */
  readonly limit: number;
  /** The window in milliseconds. */
  readonly ttl: number;
  /** Refuse for this long, in milliseconds, once the limit was hit. @default 0: only until the window has room */
  readonly blockDuration?: number;
  /** A name for the rule in audit events. @default 'default' */
  readonly name?: string;
}

/** Counts the hits of one rule for one subject. */
export class ThrottleCounter {
  readonly #window: SlidingWindow | WeightedWindow;
  #blockedUntil = 0;

  constructor(private readonly rule: ThrottleRule) {
    this.#window =
      rule.limit <= EXACT_UP_TO ? new SlidingWindow(rule.limit, rule.ttl) : new WeightedWindow(rule.limit, rule.ttl);
  }

  /**
   * Takes a hit, or refuses it.
   *
   * @returns 0 when taken; otherwise the milliseconds to wait.
   */
  hit(now: number): number {
    if (now < this.#blockedUntil) return this.#blockedUntil - now;
    const wait = this.#window.hit(now, 1);
    const block = this.rule.blockDuration ?? 0;
    if (wait === 0 || block === 0) return wait;
    this.#blockedUntil = now + block;
    return block;
  }
}

/** `n` seconds in milliseconds, for `ttl`. */
export const seconds = (n: number): number => n * 1000;

/** `n` minutes in milliseconds, for `ttl`. */
export const minutes = (n: number): number => n * 60_000;
