import { RateWindows } from '../core/rate-windows.js';
import type { PrincipalThrottle } from '../throttling/principal-throttles.js';
import type { HandlerCallback, HandlerPlan } from './handler-plan.js';

/** A handler of one connection: its plan, Nest's callback, and how often the event was sent. */
export class BoundHandler {
  #windows: RateWindows | undefined;

  constructor(
    readonly plan: HandlerPlan,
    readonly callback: HandlerCallback,
  ) {}

  /**
   * Counts one message of this event, where no storage does.
   *
   * @param principal counts for all connections of the sender; without it this one counts by itself.
   * @returns 0 when there is room; otherwise the milliseconds to wait.
   */
  throttle(now: number, principal?: PrincipalThrottle): number {
    const { throttles } = this.plan;
    // Made at the first message: most events of a gateway are never sent by most connections.
    this.#windows ??= principal?.windowsOf(this.plan) ?? new RateWindows(throttles);
    return this.#windows.hit(now);
  }
}
