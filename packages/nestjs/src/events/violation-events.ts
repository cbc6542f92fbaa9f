import { CONNECTION, CONNECTION_OPTIONAL, plain } from './event-fields.js';
import type { EventRow } from './event-row.js';

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

/** What is told of too many refused messages: the rows of the catalogue. */
export const VIOLATION_EVENTS = {
  /** Violations above the budget: the connection ends with 1008, and the next handshakes of who caused them wait. */
  'ws.violations.exceeded': ABOVE_BUDGET,
  /** Violations above a budget that only reports: once for each time that a connection goes above it. Nothing was closed. */
  'ws.violations.reported': ABOVE_BUDGET,
} as const satisfies Record<string, EventRow>;
