import type { AuthenticationFailure } from '../../authentication/authentication-failures.js';
import { address, type EventRow, identifier, plain } from './event-row.js';
import { nameOfNotice, NOTICE_FAILURES, type OwaspEventName } from '../event-reasons.js';

/** What an identity provider tells. */
const SIGNAL_NAMES = Object.freeze({
  'session-revoked': true,
  'credential-change': true,
  'token-claims-change': true,
  /** The provider tries whether this server hears it. */
  verification: true,
  /** Nothing follows from it. */
  other: true,
});

/** What an identity provider tells. */
export type SignalName = keyof typeof SIGNAL_NAMES;

/** What is told of shared signals: the rows of the catalogue. */
export const SIGNAL_EVENTS = {
  /** An identity provider told that something has changed, and it was acted on. */
  'ws.signal.received': {
    level: 'log',
    volume: 'connections',
    causedBy: 'node',
    owasp: ({ signal }: { signal: SignalName }): OwaspEventName | undefined =>
      signal === 'verification' || signal === 'other' ? undefined : 'authn_token_revoked',
    reasonIn: ['signal'],
    reasons: SIGNAL_NAMES,
    fields: {
      signal: plain<SignalName>(),
      /** How many connections of this node were closed or are judged again. */
      connections: plain<number>(),
      /** Who told it, as the options name them. */
      issuer: plain<string>(),
    },
    /** The user whom it was about, as in the events of their connections where the application keeps the `sub` as the id. */
    optional: { principal: identifier },
  },
  /**
   * A security event token was not taken: somebody else's, too old, about nobody who can be known here, or used before; or nobody
   * could tell (`unavailable`), and it comes again.
   */
  'ws.signal.refused': {
    level: 'warn',
    volume: 'refusals',
    owasp: nameOfNotice,
    reasonIn: ['failure'],
    reasons: NOTICE_FAILURES,
    fields: { failure: plain<AuthenticationFailure>(), address },
  },
} as const satisfies Record<string, EventRow>;
