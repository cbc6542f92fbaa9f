import type { AuthorizationPlan } from '../authorization/authorization-plan.js';
import type { ThrottleRule } from '../core/rate-windows.js';
import type { PayloadCheck } from '../validation/payload-check.js';

/** Everything that is known of a handler at boot. One for the whole application. */
export interface HandlerPlan {
  readonly event: string;
  /** The event as JSON, for replies. */
  readonly eventJson: string;
  /** `Gateway.method`, for logs. */
  readonly label: string;
  readonly authorization: AuthorizationPlan;
  readonly throttles: readonly ThrottleRule[];
  /** `undefined` for a handler that takes no payload: whatever the client sends, it gets none. */
  readonly payload: PayloadCheck | undefined;
  /** Whether authorization and validation only report, because the gateway is still being migrated. */
  readonly isReported: boolean;
  /** Whether an interceptor applies: a stream then only shows by its first value that the handler ran. */
  readonly hasInterceptors: boolean;
}

/** Nest's callback of a handler, bound to a client. */
export type HandlerCallback = (data: unknown, event: string, context: unknown) => unknown;
