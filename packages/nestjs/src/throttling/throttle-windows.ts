import { RateWindows } from '../core/rate-windows.js';
import type { MessageThrottleRule } from './throttle-rule.js';

/** The windows of one subject: of the rules that refuse, and of those that only report. */
export class ThrottleWindows {
  readonly #enforced: RateWindows;
  readonly #reported: RateWindows | undefined;

  constructor(rules: readonly MessageThrottleRule[]) {
    const reported = rules.filter(isReported);
    this.#enforced = new RateWindows(enforcedOf(rules));
    this.#reported = reported.length === 0 ? undefined : new RateWindows(reported);
  }

  /** @returns 0 when those that refuse have room; otherwise the milliseconds to wait. */
  wait(now: number, cost = 1): number {
    return this.#enforced.wait(now, cost);
  }

  /** As `RateWindows.halfWait()`. */
  halfWait(now: number, cost = 1): number {
    return this.#enforced.halfWait(now, cost);
  }

  /**
   * Takes what {@link wait} answered 0 for, at the same moment.
   *
   * @returns what those that only report would have had the message wait; they take all or none, as if they refused.
   */
  take(now: number, cost = 1): number {
    this.#enforced.take(now, cost);
    return this.#reported === undefined ? 0 : this.#reported.hit(now, cost);
  }
}

const isReported = ({ mode }: MessageThrottleRule): boolean => mode === 'report';

/** The rules that refuse. */
export function enforcedOf(rules: readonly MessageThrottleRule[]): readonly MessageThrottleRule[] {
  return rules.filter((rule) => !isReported(rule));
}
