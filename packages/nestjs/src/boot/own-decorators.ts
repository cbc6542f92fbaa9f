import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { ON_SECURITY_ALERT_METADATA } from '../alerts/on-security-alert.js';
import { WS_AUTHORIZE_METADATA } from '../authorization/ws-authorize.decorator.js';
import { WsPrincipal } from '../authorization/ws-principal.decorator.js';
import { WS_PUBLIC_METADATA } from '../authorization/ws-public.decorator.js';
import { WsResource } from '../authorization/ws-resource.decorator.js';
import { WsRowFilter } from '../authorization/ws-row-filter.decorator.js';
import { WS_STEP_UP_METADATA } from '../authorization/ws-step-up.decorator.js';
import { WsAbortSignal, WsConnection } from '../core/ws-connection.js';
import { ON_SECURITY_EVENT_METADATA } from '../events/listeners/on-security-event.js';
import { handshakeGuardsOf } from '../handshake/guards/use-handshake-guards.decorator.js';
import { CONNECTION_HOOK_METADATA } from '../lifecycle/hooks/on-ws-connection.js';
import { WS_SUBPROTOCOL_METADATA } from '../messages/ws-subprotocol.decorator.js';
import { factoryOf } from '../nest/metadata.js';
import { WS_REPLY_METADATA } from '../output/ws-reply.decorator.js';
import { SECURE_GATEWAY_METADATA } from '../secure-gateway.decorator.js';
import { WS_THROTTLE_METADATA } from '../throttling/ws-throttle.decorator.js';
import { WS_BINARY_METADATA } from '../validation/bytes/ws-binary.decorator.js';
import { WsBytes } from '../validation/bytes/ws-bytes.decorator.js';
import { WS_PAYLOAD_METADATA } from '../validation/ws-payload.decorator.js';

/** What may stand on gateways and their handlers, by the key of its metadata. */
export const GATEWAY_DECORATORS: ReadonlyMap<string, string> = new Map([
  [WS_AUTHORIZE_METADATA, '@WsAuthorize()'],
  [WS_PUBLIC_METADATA, '@WsPublic()'],
  [WS_STEP_UP_METADATA, '@WsStepUp()'],
  [WS_THROTTLE_METADATA, '@WsThrottle()'],
  [WS_PAYLOAD_METADATA, '@WsPayload()'],
  [WS_REPLY_METADATA, '@WsReply()'],
  [WS_BINARY_METADATA, '@WsBinary()'],
  [WS_SUBPROTOCOL_METADATA, '@WsSubprotocol()'],
  [SECURE_GATEWAY_METADATA, '@SecureGateway()'],
]);

/** What may stand on the methods of any provider or controller. */
export const LISTENER_DECORATORS: ReadonlyMap<string, string> = new Map([
  [ON_SECURITY_EVENT_METADATA, '@OnSecurityEvent()'],
  [ON_SECURITY_ALERT_METADATA, '@OnSecurityAlert()'],
  [CONNECTION_HOOK_METADATA.connected, '@OnWsConnected()'],
  [CONNECTION_HOOK_METADATA.refreshed, '@OnWsRefreshed()'],
  [CONNECTION_HOOK_METADATA.disconnected, '@OnWsDisconnected()'],
]);

/** What may stand at the parameters of a handler, by the factory in their metadata: it comes from the module, and from no client. */
export const PARAMETER_DECORATORS: ReadonlyMap<unknown, string> = new Map([
  [factoryOf(WsPrincipal), '@WsPrincipal()'],
  [factoryOf(WsResource), '@WsResource()'],
  [factoryOf(WsRowFilter), '@WsRowFilter()'],
  [factoryOf(WsConnection), '@WsConnection()'],
  [factoryOf(WsAbortSignal), '@WsAbortSignal()'],
  [factoryOf(WsBytes), '@WsBytes()'],
]);

export type AnyClass = abstract new (...args: never[]) => object;

/** The classes of the providers and controllers of an application. */
export function classesOf(modules: ModulesContainer): readonly AnyClass[] {
  const wrappers = [...modules.values()].flatMap(({ providers, controllers }) => [
    ...providers.values(),
    ...controllers.values(),
  ]);
  return wrappers
    .filter(({ isNotMetatype, metatype }) => !isNotMetatype && typeof metatype === 'function')
    .map(({ metatype }) => metatype as AnyClass)
    .filter(({ prototype }) => typeof prototype === 'object');
}

/** The methods that carry some of our decorators, those of parents among them. */
export function decoratedMethods(
  type: AnyClass,
  among = GATEWAY_DECORATORS,
): readonly (readonly [method: string, decorators: readonly string[]])[] {
  const prototype = type.prototype as Record<string, unknown>;
  return new MetadataScanner()
    .getAllMethodNames(prototype)
    .map((name) => [name, decoratorsOn(prototype[name], among)] as const)
    .filter(([, decorators]) => decorators.length > 0);
}

/** The decorators of the gateway, or those {@link among} which is asked, that a class or a method carries. */
export function decoratorsOn(owner: unknown, among = GATEWAY_DECORATORS): readonly string[] {
  if (typeof owner !== 'function') return [];
  const names = [...among].filter(([key]) => Reflect.hasMetadata(key, owner)).map(([, name]) => name);
  return handshakeGuardsOf(owner).length > 0 ? [...names, '@UseHandshakeGuards()'] : names;
}
