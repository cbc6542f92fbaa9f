import type { AuthenticationOptions } from './authentication/authentication.options.js';
import type { OriginRule } from './handshake/origin-rules.js';
import type { WsSubprotocolOptions } from './handshake/subprotocols.options.js';
import type { LifecycleOptions } from './lifecycle/lifecycle.options.js';
import type { MessagesOptions } from './messages/messages.options.js';
import { requireModule } from './nest/module-required.guard.js';
import { defineOnce } from './nest/written-once.js';
import type { ThrottlingOptions } from './throttling/throttling.options.js';
import type { ValidationOptions } from './validation/validation.options.js';

/** The limits that may differ for one gateway, under the names that they have in the module's options. */
export type GatewayLimits = Pick<ValidationOptions, 'maxMessageBytes'> &
  Pick<ThrottlingOptions, 'connection' | 'connectionBytesPerSecond'> &
  Pick<
    MessagesOptions,
    'maxConcurrentHandlers' | 'handlerTimeoutMs' | 'maxQueuedMessages' | 'maxQueuedBytes' | 'maxStreams'
  > &
  Pick<LifecycleOptions, 'idleTimeoutMs' | 'maxLifetimeMs' | 'maxOutboundBytes' | 'maxOutboundMs'>;

/** What differs for one gateway. What is left out is as in the module's options. */
export interface SecureGatewayOptions {
  /**
   * Admits connections without a credential from allowed origins. They get an identity of their own, which meets no
   * `@WsAuthorize`: only `@WsPublic` handlers run for them. Listed in the boot log.
   *
   * @default false
   */
  readonly anonymous?: boolean;
  /**
   * Lets clients that can send no credential with their handshake send it as their first message,
   * `{"event":"$auth","data":{"token":"..."}}`. Until then they have five seconds, 4 KiB and no other event; there are at most
   * 500 of them, 5 from one address, and the oldest silent one makes room for one more. One that comes with a credential is
   * judged by that, and does not fall back to this.
   *
   * @default false
   */
  readonly firstMessage?: boolean;
  /**
   * What its connections may speak besides `secure-ws.v1` and `json.v1`, the preferred one first: names of subprotocols such
   * as `'chat.v2'`, at most 8. `'msgpack.v1'` and `'cbor.v1'` are the messages of `secure-ws.v1` in MessagePack and CBOR. A client that offers several gets the first of these; `@WsSubprotocol()` says which events exist
   * in it.
   *
   * @default []
   */
  readonly subprotocols?: readonly (string | WsSubprotocolOptions)[];
  /** The origins of the web pages that may connect here. */
  readonly origins?: readonly OriginRule[];
  /** How identities are proved here. */
  readonly authentication?: AuthenticationOptions;
  /** Limits of connections to this gateway. One that is looser than the module's is warned about at boot. */
  readonly limits?: GatewayLimits;
}

/** Metadata key of {@link SecureGateway}. */
export const SECURE_GATEWAY_METADATA = 'secure-ws:gateway';

/**
 * Sets what differs for one gateway. Gateways that share a path share these settings: put it on one of them, or the same
 * on each.
 *
 * @example
 * ```ts
 * @SecureGateway({ anonymous: true, limits: { maxMessageBytes: 1024 } })
 * @WebSocketGateway({ path: '/ticker' })
 * ```
 */
export function SecureGateway(options: SecureGatewayOptions): ClassDecorator {
  return (gateway) => {
    requireModule(gateway);
    defineOnce(SECURE_GATEWAY_METADATA, options, gateway);
  };
}
