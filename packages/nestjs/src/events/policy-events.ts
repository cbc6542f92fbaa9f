import { CONNECTION, plain } from './event-fields.js';
import type { EventRow } from './event-row.js';

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
} as const satisfies Record<string, EventRow>;
