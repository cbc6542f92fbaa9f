import type { AuditRecord } from '../../audit-record.js';

/** What an event means to a system that knows nothing of ours. */
export interface EventMeaning {
  readonly kind:
    | 'logon'
    | 'logoff'
    | 'session'
    | 'ticket'
    | 'connection-opened'
    | 'connection-closed'
    | 'connection-refused'
    | 'call'
    | 'detection'
    | 'detection-ended'
    | 'error'
    | 'recovery'
    | 'lifecycle';
  readonly outcome: 'success' | 'failure';
}

type Kind = EventMeaning['kind'];

/** The first beginning of a type that fits says what it means. */
const MEANINGS: readonly (readonly [beginning: string, kind: Kind, outcome: EventMeaning['outcome']])[] = [
  ['ws.connection.opened', 'logon', 'success'],
  ['ws.connection.refreshed', 'session', 'success'],
  ['ws.connection.closed', 'logoff', 'success'],
  // Nothing was refused: it is noted.
  ['ws.handshake.reported', 'detection', 'success'],
  ['ws.handshake.forwarding-ignored', 'detection', 'success'],
  ['ws.handshake.', 'connection-refused', 'failure'],
  ['ws.ticket.issued', 'ticket', 'success'],
  ['ws.ticket.', 'ticket', 'failure'],
  ['ws.logout.', 'session', 'failure'],
  ['ws.signal.received', 'session', 'success'],
  ['ws.signal.', 'session', 'failure'],
  ['ws.policy.failed', 'error', 'failure'],
  ['ws.policy.', 'detection', 'success'],
  ['ws.message.reported', 'detection', 'success'],
  ['ws.message.', 'call', 'failure'],
  ['ws.operator.acted', 'call', 'success'],
  ['ws.operator.', 'call', 'failure'],
  ['ws.metrics.', 'call', 'failure'],
  ['ws.attack.ended', 'detection-ended', 'success'],
  ['ws.shedding.ended', 'detection-ended', 'success'],
  ['ws.alert.ended', 'detection-ended', 'success'],
  ['ws.alert.lost', 'error', 'failure'],
  ['ws.attack.', 'detection', 'success'],
  ['ws.shedding.', 'detection', 'success'],
  ['ws.alert.', 'detection', 'success'],
  ['ws.violations.', 'detection', 'success'],
  ['ws.config.', 'detection', 'success'],
  ['ws.audit.summary', 'detection', 'success'],
  ['ws.audit.', 'error', 'failure'],
  ['ws.application.', 'error', 'failure'],
  ['ws.store.back', 'recovery', 'success'],
  ['ws.store.forged', 'detection', 'success'],
  ['ws.store.', 'error', 'failure'],
  ['ws.cluster.', 'error', 'failure'],
  ['ws.drain.', 'lifecycle', 'success'],
];

/** What became of an act of an operator, where nothing did. */
const NOT_DONE: ReadonlySet<unknown> = new Set(['gone', 'failed']);

/** The OWASP names of what goes wrong with an identity. */
const IDENTITY = /^(?:authn|session)_|^malicious_csrf$/;

/** What an event means; `undefined` for a type that has no meaning here. */
export function meaningOf(record: AuditRecord): EventMeaning | undefined {
  const { type, outcome: ownOutcome } = record;
  const found = typeof type === 'string' ? MEANINGS.find(([beginning]) => type.startsWith(beginning)) : undefined;
  if (found === undefined) return undefined;
  const [, kind, outcome] = found;
  const isNotDone = type === 'ws.operator.acted' && NOT_DONE.has(ownOutcome);
  return { kind: kindIn(record, kind), outcome: isNotDone ? 'failure' : outcome };
}

/** Whether somebody logged in, or did not get in for their credential, is not told by the type alone. */
function kindIn({ owasp, method }: AuditRecord, kind: Kind): Kind {
  const isAnonymous = typeof method === 'string' && method.startsWith('anonymous:');
  if (kind === 'logon' && isAnonymous) return 'connection-opened';
  if (kind === 'logoff' && isAnonymous) return 'connection-closed';
  const isLogon = kind === 'connection-refused' && typeof owasp === 'string' && IDENTITY.test(owasp);
  return isLogon ? 'logon' : kind;
}
