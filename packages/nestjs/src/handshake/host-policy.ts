import { type Authority, isLoopbackHostname } from './authority.js';

/** What {@link isHostAllowed} compares with; `undefined` parts are not configured. */
export interface HostRules {
  /** `handshake.hosts`: when set, nothing else passes. An entry without a port allows every port. */
  readonly hosts: readonly Authority[] | undefined;
  /** The host of `handshake.publicUrl`. */
  readonly publicHost: string | undefined;
}

/**
 * Whether this server answers for a host (DNS rebinding: a name of the attacker's that resolves to this machine makes the
 * browser call us "same origin").
 *
 * With `hosts`, exactly those. Without, a connection that arrived on a loopback address passes for loopback names and the
 * public host; any other connection passes for the public host, or for every host if there is no `publicUrl`.
 *
 * @param isLocal whether the socket's own address is a loopback address; asked where it matters, since that is a system call.
 */
export function isHostAllowed(host: Authority, isLocal: () => boolean, rules: HostRules): boolean {
  if (rules.hosts !== undefined) return rules.hosts.some((allowed) => matches(host, allowed));
  if (host.hostname === rules.publicHost) return true;
  const passesHere = isLoopbackHostname(host.hostname);
  const passesElsewhere = rules.publicHost === undefined;
  if (passesHere === passesElsewhere) return passesHere;
  return isLocal() ? passesHere : passesElsewhere;
}

function matches(host: Authority, allowed: Authority): boolean {
  if (host.hostname !== allowed.hostname) return false;
  if (allowed.port === undefined || host.port === allowed.port) return true;
  // RFC 9110 section 4.2: a port that is the default of its scheme is left out of Host.
  return host.port === undefined && (allowed.port === 443 || allowed.port === 80);
}
