import { ThrottleCounter } from './throttle-rule.js';
import type { ResolvedThrottlingOptions } from './throttling.options.js';
import { WeightedWindow } from '../core/weighted-window.js';

/** How much one connection may send: messages and bytes. */
export class ConnectionThrottle {
  readonly #counters: readonly ThrottleCounter[];
  readonly #bytes: WeightedWindow | undefined;

  constructor({ connection, connectionBytesPerSecond }: ResolvedThrottlingOptions) {
    this.#counters = connection.filter((rule) => rule.limit !== Infinity).map((rule) => new ThrottleCounter(rule));
    this.#bytes =
      connectionBytesPerSecond === Infinity ? undefined : new WeightedWindow(connectionBytesPerSecond, 1000);
  }

  /**
   * Counts one message.
   *
   * @returns 0 when there is room; otherwise the milliseconds to wait.
   */
  hit(now: number, bytes: number): number {
    let wait = this.#bytes === undefined ? 0 : this.#bytes.hit(now, bytes);
    for (const counter of this.#counters) wait = Math.max(wait, counter.hit(now));
    return wait;
  }
}
