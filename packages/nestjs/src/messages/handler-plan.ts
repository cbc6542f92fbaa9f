import { JSON_SUBPROTOCOL } from '@secure-ws/protocol';
import type { AuthorizationPlan } from '../authorization/authorization-plan.js';
import type { ShadowRule } from '../authorization/shadow/shadow-rule.js';
import type { WireFormat } from '../core/wire-format.js';
import type { EventThrottle } from '../throttling/throttle-rule.js';
import type { BytesDemand } from '../validation/bytes/bytes-demand.js';
import type { DirectCall } from '../nest/direct-call.js';
import type { CompiledOutput } from '../output/compiled-output.js';
import type { PayloadCheck } from '../validation/payload-run.js';

/** Everything that is known of a handler at boot. One for the whole application. */
export interface HandlerPlan {
  readonly event: string;
  /** The event as JSON, for replies. */
  readonly eventJson: string;
  /** `Gateway.method`, for logs. */
  readonly label: string;
  readonly authorization: AuthorizationPlan;
  /** A rule that is tried beside the one that holds. */
  readonly shadow?: ShadowRule | undefined;
  /** How often it may be sent. A value that is a function is computed for each message. */
  readonly throttles: readonly EventThrottle[];
  /** The subprotocols in which the event exists; `undefined` for all of them. */
  readonly subprotocols: readonly string[] | undefined;
  /** `undefined` for a handler that takes no payload: whatever the client sends, it gets none. */
  readonly payload: PayloadCheck | undefined;
  /** What it asks of the bytes of a message; `undefined` for a handler that takes none. */
  readonly bytes: BytesDemand | undefined;
  /** Whether messages on its path may carry bytes at all: what it does not take is then refused. */
  readonly mayGetBytes: boolean;
  /** What it declares to answer; `undefined` where whatever it returns goes out. */
  readonly reply: CompiledOutput | undefined;
  /** Whether authorization and validation only report, because the gateway is still being migrated. */
  readonly isReported: boolean;
  /** Whether an interceptor applies: a stream then only shows by its first value that the handler ran. */
  readonly hasInterceptors: boolean;
  /** Calls it without Nest's chain, where that would do nothing; `undefined` where it is needed. */
  readonly call?: DirectCall | undefined;
  /** Whether it is known to return a stream: one too many is then refused before it is made. */
  readonly isStream: boolean;
}

/** Whether a handler exists in what a connection speaks. */
export function existsIn({ subprotocols }: HandlerPlan, { subprotocol = JSON_SUBPROTOCOL }: WireFormat): boolean {
  return subprotocols === undefined || subprotocols.includes(subprotocol);
}
