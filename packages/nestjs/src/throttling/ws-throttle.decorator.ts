import { decorated, requireModule } from '../nest/module-required.guard.js';
import { defineOnce } from '../nest/written-once.js';
import type { WsThrottleRule } from './throttle-rule.js';

/** Metadata key of {@link WsThrottle}. */
export const WS_THROTTLE_METADATA = 'secure-ws:throttle';

/**
 * Limits how often this event may be sent: by a principal over all its connections to this node, or as `by` says; on a
 * class, each event of the gateway. With `throttling.storage` all nodes count together.
 *
 * Beyond the limit the message is answered with `THROTTLED` and `retryAfterMs`, and nothing of it runs. The limits of
 * the whole connection apply as well.
 *
 * @example
 * ```ts
 * @WsThrottle({ limit: 20, ttl: seconds(10) })
 * @WsThrottle({ limit: ({ principal }) => (principal.roles.includes('pro') ? 100 : 10), ttl: minutes(1), by: 'tenant' })
 * @WsThrottle({ limit: 1_000_000, ttl: minutes(1), cost: 0, costPerByte: 1, mode: 'report' })
 * ```
 */
export function WsThrottle(...rules: [WsThrottleRule, ...WsThrottleRule[]]): ClassDecorator & MethodDecorator {
  const frozen = Object.freeze(rules.map((rule) => Object.freeze({ ...rule })));
  return (target: object, _key?: string | symbol, descriptor?: PropertyDescriptor) => {
    const owner = decorated(target, descriptor);
    requireModule(owner);
    defineOnce(WS_THROTTLE_METADATA, frozen, owner);
  };
}

/** `n` seconds in milliseconds, for `ttl`. */
export const seconds = (n: number): number => n * 1000;

/** `n` minutes in milliseconds, for `ttl`. */
export const minutes = (n: number): number => n * 60_000;
