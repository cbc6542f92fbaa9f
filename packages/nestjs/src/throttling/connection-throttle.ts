import { RateWindows } from '../core/rate-windows.js';
import type { ResolvedThrottlingOptions } from './throttling.options.js';

/** How much one connection may send: messages and bytes. */
export class ConnectionThrottle {
  readonly #messages: RateWindows;
  readonly #bytes: RateWindows;

  constructor({ connection, connectionBytesPerSecond }: ResolvedThrottlingOptions) {
    this.#messages = new RateWindows(connection);
    this.#bytes = new RateWindows([{ limit: connectionBytesPerSecond, ttl: 1000 }]);
  }

  /**
   * Counts one message in all windows, or in none.
   *
   * @returns 0 when there is room; otherwise the milliseconds to wait.
   */
  hit(now: number, bytes: number): number {
    const wait = Math.max(this.#messages.wait(now), this.#bytes.wait(now, bytes));
    if (wait > 0) return wait;
    this.#messages.take(now);
    this.#bytes.take(now, bytes);
    return 0;
  }
}
