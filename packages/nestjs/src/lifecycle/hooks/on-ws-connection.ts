import { SetMetadata } from '@nestjs/common';
import type { Principal } from '../../core/principal.js';
import type { WsClose, WsConnection } from '../../core/ws-connection.js';

/** What a connection hook is called for. */
export type HookMoment = 'connected' | 'refreshed' | 'disconnected';

/** Metadata keys of the decorators: the paths, none for all. */
export const CONNECTION_HOOK_METADATA: Readonly<Record<HookMoment, string>> = Object.freeze({
  connected: 'secure-ws:on-ws-connected',
  refreshed: 'secure-ws:on-ws-refreshed',
  disconnected: 'secure-ws:on-ws-disconnected',
});

/** Marks a method that can be called as the hook is. */
export type HookDecorator<Hook> = <Method extends Hook>(
  target: object,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

function hook<Hook>(moment: HookMoment, paths: readonly string[]): HookDecorator<Hook> {
  return (target, method, descriptor) => {
    SetMetadata(CONNECTION_HOOK_METADATA[moment], paths)(target, method, descriptor);
  };
}

/**
 * Calls a method of a provider or controller once for each connection of some gateways' paths, or of all: after every
 * `handleConnection` has accepted it, and before its first message is handled. The messages wait until the method is done, for
 * `lifecycle.connectTimeoutMs` at most.
 *
 * What it throws or rejects with is logged and harms nobody: the connection stays. To refuse a connection, close it
 * (`connection.close()`), or throw in the `handleConnection` of its gateway. The provider must be a singleton.
 *
 * @param paths as `@WebSocketGateway({ path })` names them; one that no gateway has stops the boot.
 *
 * @example
 * ```ts
 * @OnWsConnected('/chat')
 * async onConnected(connection: WsConnection) { ... }
 * ```
 */
export function OnWsConnected(...paths: readonly string[]): HookDecorator<(connection: WsConnection) => unknown> {
  return hook('connected', paths);
}

/**
 * Calls a method when a connection has another identity of the same principal: its client has sent a fresh credential, or the
 * revalidator has answered other roles. `connection.principal` is the new one already; the method is given the one before.
 *
 * As {@link OnWsConnected}, but nothing waits for it.
 */
export function OnWsRefreshed(
  ...paths: readonly string[]
): HookDecorator<(connection: WsConnection, before: Principal) => unknown> {
  return hook('refreshed', paths);
}

/**
 * Calls a method once for each connection that ended, however it did. Never for one that {@link OnWsConnected} was not called
 * for, because the handshake or a `handleConnection` refused it; and never before those methods are done. A shutdown waits for
 * it, within `lifecycle.drainTimeoutMs`.
 *
 * As {@link OnWsConnected}, what it throws or rejects with is logged.
 */
export function OnWsDisconnected(
  ...paths: readonly string[]
): HookDecorator<(connection: WsConnection, close: WsClose) => unknown> {
  return hook('disconnected', paths);
}
