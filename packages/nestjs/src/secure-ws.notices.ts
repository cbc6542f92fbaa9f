import type { AuthenticatorBlock } from './authentication/authenticator-block.js';
import { WsBackChannelLogout } from './authentication/back-channel-logout/ws-back-channel-logout.js';
import type { EndedSession } from './authentication/back-channel-logout/logout-claims.js';
import { CLOCK_TOLERANCE_MS } from './authentication/notices/read-notice.js';
import { OAuthAuthenticator } from './authentication/oauth/oauth.authenticator.js';
import { WsSharedSignals } from './authentication/shared-signals/ws-shared-signals.js';
import type { Clock } from './core/clock.js';
import type { FaultLog } from './core/fault-log.js';
import type { SecurityEvents } from './events/security-events.js';
import type { ProxyRules } from './handshake/client-address.js';
import { blamedAddress, requestAddress } from './handshake/request-address.js';
import type { WsConnectionLifecycleService } from './lifecycle/ws-connection-lifecycle.service.js';
import type { WsRevocationService } from './lifecycle/revocation/ws-revocation.service.js';
import { revocationKeys, revocationKeysOf } from './store/store-keys.js';
import type { SecureWsStore } from './store/secure-ws.store.js';

/** What notices of authorization servers are acted on with. */
export interface NoticeParts {
  readonly clock: Clock;
  readonly store: SecureWsStore;
  readonly events: SecurityEvents;
  readonly faults: FaultLog;
  readonly lifecycle: WsConnectionLifecycleService;
  readonly revocations: WsRevocationService;
  readonly proxies: ProxyRules | undefined;
  /** Whether the application says what somebody may do now. */
  readonly hasRevalidator: () => boolean;
  /** Those of the module and of its gateways. */
  readonly blocks: () => readonly AuthenticatorBlock[];
}

/** Makes what takes log-out tokens and security event tokens. */
export function makeNotices(parts: NoticeParts): { logout: WsBackChannelLogout; signals: WsSharedSignals } {
  const { clock, store, events, faults, revocations } = parts;
  const oauth = () =>
    parts
      .blocks()
      .flatMap(({ name, authenticator }) =>
        authenticator instanceof OAuthAuthenticator ? [{ name, authenticator }] : [],
      );
  const blamed = (request: object) => blamedAddress(request, parts.proxies);
  const endSession = (ended: EndedSession): Promise<number> =>
    // Tokens and notices of a server are of one clock. Sessions and tickets have that of the application, which may be behind it.
    revocations.endSession({ ...ended, beforeHere: Math.min(clock.now(), ended.before + CLOCK_TOLERANCE_MS) });
  return {
    logout: new WsBackChannelLogout({
      ...{ clock, store, faults, endSession },
      issuers: () => oauth().flatMap(({ authenticator }) => authenticator.logouts),
      onRefused: (failure, address) => {
        events.emit({ type: 'ws.logout.refused', failure, ...(address !== undefined && { address }) });
      },
      addressOf: blamed,
    }),
    signals: new WsSharedSignals({
      ...{ clock, store, events, faults },
      issuers: () =>
        oauth().flatMap(({ name: block, authenticator }) => authenticator.signals.map((each) => ({ ...each, block }))),
      effects: {
        endSession,
        endToken: (token) => revocations.revokeToken(token),
        judgeAgain: (who) => judgeAgain(who, parts),
      },
      addressOf: (request) => requestAddress(request, parts.proxies),
      blamed,
    }),
  };
}

/** Other nodes of a shared store are told of revocations, and of nothing else. */
function judgeAgain({ issuer, sub, sid }: Omit<EndedSession, 'before'>, parts: NoticeParts): number | undefined {
  if (!parts.hasRevalidator() || parts.store.isShared) return undefined;
  const keys: string[] = [];
  if (sid !== undefined) keys.push(revocationKeys.session(issuer, sid));
  // A token that names no session may belong to it, where the subject is the same.
  if (sub !== undefined) keys.push((sid === undefined ? revocationKeys.subject : revocationKeys.nameless)(issuer, sub));
  const found = parts.lifecycle
    .find()
    .filter(({ principal }) => revocationKeysOf(principal).some((key) => keys.includes(key)));
  for (const { id: connectionId } of found) parts.lifecycle.revalidate({ connectionId });
  return found.length;
}
