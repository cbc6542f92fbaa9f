import { SetMetadata } from '@nestjs/common';
import type { SecurityEventOf, SecurityEventPattern } from '../security-event.js';

/** Metadata key of {@link OnSecurityEvent}: the patterns. */
export const ON_SECURITY_EVENT_METADATA = 'secure-ws:on-security-event';

type Listener<Pattern extends SecurityEventPattern> = (event: SecurityEventOf<Pattern>) => unknown;

/**
 * Calls a method of a provider or controller with each security event of some types. The parameter is typed by them.
 *
 * The method is called later than the event, one event at a time, in their order, and its promise is waited for. Where it is
 * too slow, events are dropped and counted (`events.maxQueuedEvents`); what it throws is logged and goes no further. The
 * provider must be a singleton.
 *
 * @example
 * ```ts
 * @OnSecurityEvent('ws.handshake.refused', 'ws.message.*')
 * async onRefused(event: SecurityEventOf<'ws.handshake.refused' | 'ws.message.*'>) { ... }
 * ```
 */
export function OnSecurityEvent<const Pattern extends SecurityEventPattern>(
  ...patterns: readonly [Pattern, ...Pattern[]]
): <Method extends Listener<Pattern>>(
  target: object,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void {
  return (target, method, descriptor) => {
    SetMetadata(ON_SECURITY_EVENT_METADATA, patterns)(target, method, descriptor);
  };
}
