import { address, type EventRow, identifier, plain, text } from './event-row.js';
import type { OwaspEventName } from '../event-reasons.js';

/** What an operator can do on the operations page. */
export const OPERATOR_ACTIONS = ['disconnect', 'revoke', 'ban', 'unban', 'drain'] as const;

/** What an operator can do on the operations page. */
export type OperatorAction = (typeof OPERATOR_ACTIONS)[number];

/** Why somebody does not get the operations page, with the OWASP name of such an event. */
export const OPERATOR_REFUSALS = Object.freeze({
  unauthenticated: 'authn_login_fail',
  claims: 'authz_fail',
  'origin-not-allowed': 'malicious_cors',
  unavailable: 'sys_crash',
} as const satisfies Record<string, OwaspEventName>);

/** Why somebody does not get the operations page. */
export type OperatorRefusal = keyof typeof OPERATOR_REFUSALS;

/** Why somebody does not get the metrics: words of `AuthenticationFailure`. */
const METRICS_REFUSALS = Object.freeze({ missing: true, 'bad-secret': true });

/** Why somebody does not get the metrics. */
export type MetricsRefusal = keyof typeof METRICS_REFUSALS;

/** What is told of the operations page and of the metrics: the rows of the catalogue. */
export const OPERATOR_EVENTS = {
  /** An operator has acted: who did what to whom, and why. */
  'ws.operator.acted': {
    level: 'warn',
    volume: 'rare',
    causedBy: 'operator',
    owasp: 'authz_admin',
    reasonIn: ['action'],
    reasons: Object.fromEntries(OPERATOR_ACTIONS.map((action) => [action, true])),
    fields: {
      action: plain<OperatorAction>(),
      /** What became of it. `store-away`: it holds at this node, and at the others once the store has taken it. */
      outcome: plain<'done' | 'gone' | 'store-away' | 'failed'>(),
      /** Who acted. */
      operator: identifier,
      /** The connection of the operator. */
      operatorConnectionId: plain<string>(),
      /** What the operator wrote, cut to 200 characters. */
      reason: text,
      /** How many connections of this node were closed, or are asked to leave. */
      connections: plain<number>(),
    },
    optional: {
      /** To whom. */
      principal: identifier,
      /** The connection that was chosen. */
      connectionId: plain<string>(),
      /** The end of a ban: ISO 8601, UTC. */
      until: plain<string>(),
    },
  },
  /** The operations page, or the ticket of its socket, was not given to somebody: the answer is that of a page that is not there. */
  'ws.operator.refused': {
    level: 'warn',
    volume: 'refusals',
    owasp: ({ reason }: { reason: OperatorRefusal }): OwaspEventName => OPERATOR_REFUSALS[reason],
    reasonIn: ['reason'],
    reasons: OPERATOR_REFUSALS,
    fields: { reason: plain<OperatorRefusal>() },
    optional: {
      /** Where the request came from. */
      address,
      /** Who asked, where that was known by then. */
      principal: identifier,
    },
  },
  /** A request for the metrics came without their token, or with another one. Not told of the guards of the application. */
  'ws.metrics.refused': {
    level: 'warn',
    volume: 'refusals',
    owasp: 'authn_login_fail',
    reasonIn: ['failure'],
    reasons: METRICS_REFUSALS,
    fields: { failure: plain<MetricsRefusal>() },
    optional: {
      /** Where the request came from. */
      address,
    },
  },
} as const satisfies Record<string, EventRow>;
