import { CONNECTION, plain } from './event-fields.js';
import type { EventRow } from './event-row.js';

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

/** What is told about policies besides the messages that they refuse: the rows of the catalogue. */
export const POLICY_EVENTS = {
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
