import type { ResolvedAuthenticationOptions } from '../authentication/authentication.options.js';
import type { WsBackChannelLogout } from '../authentication/back-channel-logout/ws-back-channel-logout.js';
import type { BootProblems } from '../core/boot-problems.js';
import type { GatewayRecord } from '../nest/gateway-inventory.js';
import type { CoveredHandler } from './coverage.js';
import { endpointOf, type GatewayEndpoint } from './gateway-endpoints.js';

type AnyClass = abstract new (...args: never[]) => object;

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

/** Names the route for log-out tokens, where no authorization server is known that sends any. */
export function checkLogoutRoute(
  { hasRoute }: WsBackChannelLogout,
  levels: readonly ResolvedAuthenticationOptions[],
  problems: BootProblems,
): void {
  if (!hasRoute || levels.some(({ oauth }) => oauth.some(({ logout }) => logout !== undefined))) return;
  problems.add(
    'createBackChannelLogoutController()',
    'takes log-out tokens, but no authorization server is known that sends them.',
    "authentication.oauth.backChannelLogout: { clientId: 'chat-page' }",
  );
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
