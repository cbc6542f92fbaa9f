import type { Awaitable } from '../core/awaitable.js';
import { throttleEvent } from '../throttling/event-limits.js';
import type { ThrottleFinding } from '../throttling/throttle-finding.js';
import type { WsThrottleContext } from '../throttling/throttle-rule.js';
import { ThrottleValueError } from '../throttling/throttle-values.js';
import type { HandlerPlan } from './handler-plan.js';
import type { MessageSource } from './message.js';
import type { Refusal } from './refusal.js';

/** What the throttling of messages asks of their source. */
type ThrottledSource = Pick<MessageSource, 'engine' | 'limits'>;

/**
 * Counts a message among those of its event.
 *
 * @param contextOf called only where a value is computed.
 * @param now monotonic milliseconds.
 * @throws what {@link throttleFailure} makes a refusal of; at once or as a rejection.
 */
export function hitEvent(
  { engine, limits }: ThrottledSource,
  { throttles }: HandlerPlan,
  contextOf: () => WsThrottleContext,
  now: number,
): Awaitable<ThrottleFinding | undefined> {
  const { storage } = engine.settings.throttling;
  return throttleEvent({ rules: throttles, limits, clock: engine.clock, storage, contextOf }, now);
}

/** What a message is refused with that found no room. */
export function refusalOfThrottle({ reason, waitMs, option, cause }: ThrottleFinding): Refusal {
  if (reason === 'throttle-failed') return { code: 'FORBIDDEN', reason, option, fault: { exception: cause } };
  return { code: 'THROTTLED', reason, option, retryAfterMs: waitMs };
}

/** What a message is refused with whose limit could not be found, or counted. */
export function throttleFailure(source: ThrottledSource, exception: unknown): Refusal {
  const reason = exception instanceof ThrottleValueError ? 'throttle-failed' : lateReason(source);
  return { code: 'FORBIDDEN', reason, fault: { exception } };
}

/** Why it is refused where that takes too long. */
export function lateReason({ engine }: ThrottledSource): 'throttler-storage-failed' | 'throttle-failed' {
  return engine.settings.throttling.storage === undefined ? 'throttle-failed' : 'throttler-storage-failed';
}
