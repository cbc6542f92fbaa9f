import type { WsErrorCode } from '@secure-ws/protocol';
import { MESSAGE_REASONS, nameOfMessage } from '../event-reasons.js';
import { CONNECTION, CONNECTION_OPTIONAL, type EventRow, plain, text } from './event-row.js';

/** Both tell the same, so that who tries a limit or a migration out sees what would be refused. */
const REFUSED = {
  level: 'warn',
  volume: 'refusals',
  owasp: nameOfMessage,
  reasonIn: ['reason'],
  reasons: MESSAGE_REASONS,
  fields: {
    code: plain<WsErrorCode>(),
    /** The check that refused, a word of `MESSAGE_REASONS`. */
    reason: plain<string>(),
    ...CONNECTION,
    /** The same id stands in the error frame. */
    correlationId: plain<string>(),
  },
  optional: {
    /** The event, where it is one of the application's; a name that the client made up is not repeated. */
    event: plain<string>(),
    /** The role or scope that was missing, such as `role admin`. The client is never told. */
    missing: text,
    /** The path of the option that moves the limit that was met, such as `throttling.connection`. */
    option: plain<string>(),
  },
} as const satisfies EventRow;

/** Both tell the same, so that who tries a budget out sees what it would say. */
const ABOVE_BUDGET = {
  level: 'warn',
  volume: 'refusals',
  owasp: 'excess_rate_limit_exceeded',
  reasonIn: ['chargedTo'],
  reasons: { principal: true, address: true },
  fields: {
    ...CONNECTION,
    /** Whom they are charged to: an authenticated principal, else the address. */
    chargedTo: plain<'principal' | 'address'>(),
    /** What was reached, where `throttling.violations.budget` is the limit. */
    score: plain<number>(),
  },
  optional: CONNECTION_OPTIONAL,
} as const satisfies EventRow;

/** How a rule that is only tried ended. */
const SHADOW_OUTCOMES = Object.freeze({
  /** The rule that holds refused the message, and this one would not have. */
  'would-allow': true,
  /** The rule that holds allowed the message, and this one would not have. */
  'would-refuse': true,
  /** It threw. In place of the rule that holds it would have refused. */
  failed: true,
  /** It did not answer in time. In place of the rule that holds it would have refused. */
  timeout: true,
  /** It was not tried: too many messages were being tried already. */
  skipped: true,
});

/** How a rule that is only tried ended. */
export type ShadowOutcome = keyof typeof SHADOW_OUTCOMES;

/** What is told of messages: those that were refused, what refusals add up to, and policies that failed or would differ. */
export const MESSAGE_EVENTS = {
  /** Violations above the budget: the connection ends with 1008, and the next handshakes of who caused them wait. */
  'ws.violations.exceeded': ABOVE_BUDGET,
  /** Violations above a budget that only reports: once for each time that a connection goes above it. Nothing was closed. */
  'ws.violations.reported': ABOVE_BUDGET,
  /** A message was not handled, or its handler failed. */
  'ws.message.refused': REFUSED,
  /** A message that would have been refused, on a gateway of the `migration` option or by a limit that only reports. */
  'ws.message.reported': REFUSED,
  /** One of the alternatives of an `anyOf()` threw, and was taken for a no. Another one may have let the message pass. */
  'ws.policy.failed': {
    level: 'error',
    volume: 'refusals',
    owasp: 'sys_crash',
    fields: {
      /** The class of the policy. */
      policy: plain<string>(),
      event: plain<string>(),
      ...CONNECTION,
      /** The same id stands in the log, with the exception. */
      correlationId: plain<string>(),
    },
  },
  /** A rule that is only tried (`shadow`) would have decided otherwise about a message, or could not be tried on it. */
  'ws.policy.differed': {
    level: 'warn',
    volume: 'refusals',
    owasp: 'authz_fail',
    reasonIn: ['outcome'],
    reasons: SHADOW_OUTCOMES,
    fields: {
      /** What the rule asks for, in words. */
      policy: plain<string>(),
      outcome: plain<ShadowOutcome>(),
      event: plain<string>(),
      ...CONNECTION,
      /** The same id stands in the log, where the rule threw. */
      correlationId: plain<string>(),
    },
  },
} as const satisfies Record<string, EventRow>;
