import { RateWindows } from '../core/rate-windows.js';

/** How many bytes of error frames one connection gets in {@link WINDOW_MS}. */
const MAX_BYTES = 16_384;
const WINDOW_MS = 10_000;

/** How many answers a second tell a connection that it is too fast. They carry no `id`: nothing was decoded. */
const MAX_THROTTLE_NOTICES = 4;

/**
 * Bounds what refusals make the server say: error frames are longer than the messages that provoke them, so that an
 * attacker could otherwise make it send more than it receives. Beyond the budget a refusal is counted and audited, and
 * not answered.
 */
export class RefusalBudget {
  readonly #bytes = new RateWindows([{ limit: MAX_BYTES, ttl: WINDOW_MS }]);
  readonly #notices = new RateWindows([{ limit: MAX_THROTTLE_NOTICES, ttl: 1000 }]);

  /** Whether an error frame of this length may be sent. */
  allowsFrame(now: number, bytes: number): boolean {
    return this.#bytes.hit(now, bytes) === 0;
  }

  /** Whether the connection may be told once more that it is too fast. */
  allowsThrottleNotice(now: number): boolean {
    return this.#notices.hit(now) === 0;
  }
}
