import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import type { ResolvedAuthenticationOptions } from '../authentication/authentication.options.js';
import type { WsSharedSignals } from '../authentication/shared-signals/ws-shared-signals.js';
import type { WsBackChannelLogout } from '../authentication/back-channel-logout/ws-back-channel-logout.js';
import { WS_AUTHORIZE_METADATA } from '../authorization/ws-authorize.decorator.js';
import { WS_PUBLIC_METADATA } from '../authorization/ws-public.decorator.js';
import { WS_STEP_UP_METADATA } from '../authorization/ws-step-up.decorator.js';
import type { BootProblems } from '../core/boot-problems.js';
import { handshakeGuardsOf } from '../handshake/guards/use-handshake-guards.decorator.js';
import type { GatewayRecord } from '../nest/gateway-inventory.js';
import { SECURE_GATEWAY_METADATA } from '../secure-gateway.decorator.js';
import { WS_SUBPROTOCOL_METADATA } from '../messages/ws-subprotocol.decorator.js';
import { WS_THROTTLE_METADATA } from '../throttling/ws-throttle.decorator.js';
import { WS_BINARY_METADATA } from '../validation/bytes/ws-binary.decorator.js';
import { WS_PAYLOAD_METADATA } from '../validation/ws-payload.decorator.js';
import type { CoveredHandler } from './coverage.js';
import { endpointOf, type GatewayEndpoint } from './gateway-endpoints.js';

const DECORATORS: readonly (readonly [key: string, name: string])[] = [
  [WS_AUTHORIZE_METADATA, '@WsAuthorize()'],
  [WS_PUBLIC_METADATA, '@WsPublic()'],
  [WS_STEP_UP_METADATA, '@WsStepUp()'],
  [WS_THROTTLE_METADATA, '@WsThrottle()'],
  [WS_PAYLOAD_METADATA, '@WsPayload()'],
  [WS_BINARY_METADATA, '@WsBinary()'],
  [WS_SUBPROTOCOL_METADATA, '@WsSubprotocol()'],
  [SECURE_GATEWAY_METADATA, '@SecureGateway()'],
];

type AnyClass = abstract new (...args: never[]) => object;

/**
 * Names the decorators that stand where nobody reads them: on a method of a gateway that handles no event, and in a class
 * that is not a gateway. Whoever wrote them believes that something is protected.
 */
export function checkPlaces(
  modules: ModulesContainer,
  gateways: readonly GatewayRecord[],
  problems: BootProblems,
): void {
  const types = new Set<unknown>(gateways.map(({ type }) => type));
  for (const { type, handlers } of gateways) {
    const handled = new Set<string>(handlers.map(({ methodName }) => methodName));
    for (const [method, found] of decoratedMethods(type)) {
      if (handled.has(method)) continue;
      const decorators = found.join(' and ');
      problems.add(
        `${type.name}.${method}`,
        `has ${decorators} and no @SubscribeMessage(): it handles no event, and they are ignored.`,
        `add @SubscribeMessage('...') above it, or remove ${decorators}`,
      );
    }
  }
  for (const type of classesOf(modules)) {
    if (types.has(type)) continue;
    types.add(type);
    const found = [decoratorsOn(type), ...decoratedMethods(type).map(([, decorators]) => decorators)];
    const names = [...new Set(found.flat())].join(' and ');
    if (names === '') continue;
    problems.add(
      type.name,
      `has ${names} and no @WebSocketGateway(): they are ignored.`,
      `add @WebSocketGateway({ path: '/...' }) above ${type.name}, or remove ${names}`,
    );
  }
}

/** Names the entries of `migration.gateways` that are not gateways of the application. */
export function checkMigration(
  migrating: ReadonlySet<unknown>,
  gateways: readonly GatewayRecord[],
  problems: BootProblems,
): void {
  for (const type of migrating) {
    if (gateways.some((gateway) => gateway.type === type)) continue;
    const { name } = type as AnyClass;
    problems.add(
      'migration.gateways',
      `names ${name}, which is not a gateway of the application.`,
      `list ${name} in the providers of a module, with @WebSocketGateway() above it, or remove it here`,
    );
  }
}

/** Routes that take what no authorization server sends: log-out tokens, security event tokens. */
export function checkNoticeRoutes(
  { backChannelLogout, sharedSignals }: NoticeRoutes,
  levels: readonly ResolvedAuthenticationOptions[],
  problems: BootProblems,
): void {
  const servers = levels.flatMap(({ oauth }) => oauth);
  if (backChannelLogout.hasRoute && servers.every(({ logout }) => logout === undefined)) {
    problems.add(
      'createBackChannelLogoutController()',
      'takes log-out tokens, but no authorization server is known that sends them.',
      "authentication.oauth.backChannelLogout: { clientId: 'chat-page' }",
    );
  }
  if (sharedSignals.hasRoute && servers.every(({ signals }) => signals === undefined)) {
    problems.add(
      'createSharedSignalsController()',
      'takes security event tokens, but no authorization server is known that sends them.',
      "authentication.oauth.sharedSignals: { audience: 'https://chat.example.com/shared-signals' }",
    );
  }
}

/** Whether the application has them. */
interface NoticeRoutes {
  readonly backChannelLogout: Pick<WsBackChannelLogout, 'hasRoute'>;
  readonly sharedSignals: Pick<WsSharedSignals, 'hasRoute'>;
}

/** Warns about what is there for nothing: the module without a gateway, and a door behind which nothing is open. */
export function warnOfIdleParts(
  gateways: readonly GatewayRecord[],
  endpoints: ReadonlyMap<string, GatewayEndpoint>,
  handlers: readonly CoveredHandler[],
  problems: BootProblems,
): void {
  if (gateways.length === 0) {
    problems.warn(
      'SecureWsModule',
      'protects nothing: no module of the application has a class with @WebSocketGateway() among its providers.',
    );
  }
  for (const [endpoint, { settings, gateway }] of endpoints) {
    if (!settings.anonymous) continue;
    const ofEndpoint = handlers.filter(({ record }) => endpointOf(record.gateway) === endpoint);
    if (ofEndpoint.some(({ decision, isReported }) => decision.isPublic || isReported)) continue;
    problems.warn(
      `${gateway.name} @SecureGateway.anonymous`,
      'is on, and no handler there is @WsPublic(): anonymous visitors can do nothing but listen.',
    );
  }
}

function classesOf(modules: ModulesContainer): readonly AnyClass[] {
  const wrappers = [...modules.values()].flatMap(({ providers, controllers }) => [
    ...providers.values(),
    ...controllers.values(),
  ]);
  return wrappers
    .filter(({ isNotMetatype, metatype }) => !isNotMetatype && typeof metatype === 'function')
    .map(({ metatype }) => metatype as AnyClass)
    .filter(({ prototype }) => typeof prototype === 'object');
}

/** The methods that carry our decorators, those of parents among them. */
function decoratedMethods(type: AnyClass): readonly (readonly [method: string, decorators: readonly string[]])[] {
  const prototype = type.prototype as Record<string, unknown>;
  return new MetadataScanner()
    .getAllMethodNames(prototype)
    .map((name) => [name, decoratorsOn(prototype[name] as object)] as const)
    .filter(([, decorators]) => decorators.length > 0);
}

function decoratorsOn(owner: object): readonly string[] {
  const names = DECORATORS.filter(([key]) => Reflect.getMetadata(key, owner) !== undefined).map(([, name]) => name);
  return handshakeGuardsOf(owner).length > 0 ? [...names, '@UseHandshakeGuards()'] : names;
}
