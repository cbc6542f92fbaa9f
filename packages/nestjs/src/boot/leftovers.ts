import type { ResolvedAuthenticationOptions } from '../authentication/authentication.options.js';
import type { WsSharedSignals } from '../authentication/shared-signals/ws-shared-signals.js';
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

/** Warns about security event tokens that are awaited, and have no route. */
export function warnOfMissingRoute(
  { sharedSignals }: Pick<NoticeRoutes, 'sharedSignals'>,
  levels: readonly ResolvedAuthenticationOptions[],
  problems: BootProblems,
): void {
  const isAwaited = levels.some(({ oauth }) => oauth.some(({ signals }) => signals !== undefined));
  if (!isAwaited || sharedSignals.hasRoute) return;
  problems.warn(
    'authentication.oauth.sharedSignals',
    'has no route: list createSharedSignalsController() among the controllers of a module, unless one of yours calls WsSharedSignals.receive().',
  );
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
