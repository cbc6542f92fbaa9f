import type { AuthenticationFailure } from '../authentication/authentication-failures.js';
import type { AlertRule } from './alert-rule.js';

const MINUTE = 60_000;

/**
 * The failures of somebody who guesses or forges credentials. Those that honest clients cause in a loop, when a log-in has ended
 * or a key was rotated out, are not among them.
 */
const GUESSES: readonly AuthenticationFailure[] = [
  ...(['malformed', 'unsupported-scheme', 'too-large', 'bad-header', 'bad-secret', 'bad-origin'] as const),
  ...(['bad-algorithm', 'bad-type', 'bad-signature', 'bad-claims', 'bad-issuer', 'bad-audience'] as const),
  ...(['bad-subject', 'bad-certificate', 'missing-proof', 'bad-proof'] as const),
];

const guesses = {
  kind: 'threshold',
  events: ['ws.handshake.refused', 'ws.metrics.refused'],
  failures: GUESSES,
  windowMs: 5 * MINUTE,
} as const;
// Not what a provider has signed, for another of its customers too: it cannot help that these are refused here.
const forgedNotices = {
  kind: 'threshold',
  events: ['ws.logout.refused', 'ws.signal.refused'],
  failures: ['bad-signature', 'bad-algorithm', 'unknown-key'],
  windowMs: 5 * MINUTE,
} as const;
// Not what a foreign page makes the browsers of its visitors send (`malicious_cors`): it would have them banned.
const forbidden = {
  kind: 'threshold',
  events: ['ws.message.refused', 'ws.operator.refused'],
  owasp: ['authz_fail'],
  windowMs: MINUTE,
} as const;
const once = { kind: 'threshold', limit: 1, windowMs: MINUTE } as const;

/**
 * The rules that hold where `alerts.rules` says nothing, by their names in camel case. To change one, list them all with
 * yours in its place.
 *
 * @example
 * ```ts
 * alerts: {
 *   rules: Object.values({
 *     ...WS_ALERT_RULES,
 *     forbiddenByPrincipal: { ...WS_ALERT_RULES.forbiddenByPrincipal, limit: 50 },
 *   }),
 * }
 * ```
 */
export const WS_ALERT_RULES = Object.freeze({
  /** Many more handshakes than usual, admitted or refused. */
  connectionSpike: {
    ...{ name: 'connection-spike', kind: 'spike', events: ['ws.connection.opened', 'ws.handshake.refused'] },
    ...{ windowMs: MINUTE, factor: 4, minEvents: 300 },
  },
  /** More than half of all handshakes are refused. */
  refusedHandshakes: {
    ...{ name: 'refused-handshakes', kind: 'ratio', events: ['ws.handshake.refused'] },
    ...{ of: ['ws.handshake.refused', 'ws.connection.opened'], limit: 0.5, minEvents: 200, windowMs: 5 * MINUTE },
  },
  /** One address tries credentials out. */
  failedLoginsByAddress: { ...guesses, name: 'failed-logins-by-address', by: 'address', limit: 10 },
  /** The addresses of one network do so together. */
  failedLoginsByNetwork: { ...guesses, name: 'failed-logins-by-network', by: 'network', limit: 40 },
  /** Many addresses do so, each of them too seldom to be noticed. */
  failedLogins: { ...guesses, name: 'failed-logins', limit: 200, severity: 'critical' },
  /** Somebody who was known tries to be somebody else, or keeps sending credentials that are refused. */
  failedLoginsByPrincipal: {
    ...{ name: 'failed-logins-by-principal', kind: 'threshold', by: 'principal', limit: 10, windowMs: 5 * MINUTE },
    ...{ events: ['ws.handshake.refused', 'ws.message.refused', 'ws.ticket.refused'], owasp: ['authn_login_fail'] },
  },
  /** One address forges log-outs or signals of an authorization server. */
  forgedNoticesByAddress: { ...forgedNotices, name: 'forged-notices-by-address', by: 'address', limit: 10 },
  /** Many addresses do so, or the keys of the server are not known here: then nobody is logged out. */
  forgedNotices: { ...forgedNotices, name: 'forged-notices', limit: 40, severity: 'critical' },
  /** One principal tries what it may not do. */
  forbiddenByPrincipal: { ...forbidden, name: 'forbidden-by-principal', by: 'principal', limit: 20 },
  /** The connections of one address do so, each as somebody else. */
  forbiddenByAddress: { ...forbidden, name: 'forbidden-by-address', by: 'address', limit: 60 },
  /** Tickets and proofs that were used before come again. */
  replay: {
    ...{ name: 'replay', kind: 'threshold', by: 'address', limit: 5, windowMs: 5 * MINUTE, severity: 'critical' },
    ...{ events: ['ws.handshake.refused'], failures: ['spent', 'replayed'] },
  },
  /** One principal connects from more networks than a person moves through: a credential that others have as well. */
  principalInManyNetworks: {
    ...{ name: 'principal-in-many-networks', kind: 'many-networks', limit: 6, windowMs: 10 * MINUTE },
    ...{ events: ['ws.connection.opened', 'ws.connection.refreshed'], severity: 'critical' },
  },
  /** The shared store does not answer: limits hold for each node by itself. */
  storeAway: { ...once, name: 'store-away', events: ['ws.store.away'], severity: 'critical' },
  /** A sink or a listener lost events: the record has a gap. */
  auditDrops: { ...once, name: 'audit-drops', events: ['ws.audit.dropped'], severity: 'critical' },
  /** The node is overloaded and refuses new handshakes. */
  shedding: { ...once, name: 'shedding', events: ['ws.shedding.started'] },
  /** `handshake.challenge` is asked of everybody. */
  attack: { ...once, name: 'attack', events: ['ws.attack.started'], severity: 'critical' },
} as const satisfies Record<string, AlertRule>);
