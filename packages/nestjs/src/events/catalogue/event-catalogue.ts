import { CLOSE_CODES, type CloseCodeName } from '@secure-ws/protocol';
import type { AuthenticationFailure } from '../../authentication/authentication-failures.js';
import {
  HANDSHAKE_REASONS,
  type HandshakeReason,
  nameOfHandshake,
  nameOfNotice,
  NOTICE_FAILURES,
  OWASP_NAME_BY_CLOSE,
  type OwaspEventName,
  TICKET_REASONS,
  type TicketRefusalReason,
} from '../event-reasons.js';
import { ALERT_EVENTS } from './alert-events.js';
import { address, CONNECTION, CONNECTION_OPTIONAL, type EventRow, identifier, path, plain, text } from './event-row.js';
import type { StoreForgery } from '../../store/secure-ws.store.js';
import { MESSAGE_EVENTS } from './message-events.js';
import { SIGNAL_EVENTS } from './signal-events.js';
import { OPERATOR_EVENTS } from './operator-events.js';

const HANDSHAKE = {
  /** The check that refused. */
  reason: plain<HandshakeReason>(),
  address,
};

const HANDSHAKE_OPTIONAL = {
  /** What was wrong with the credential. The client is never told. */
  failure: plain<AuthenticationFailure>(),
  /** The path that was asked for, without its query and cut to 200 characters. */
  path,
  /** The `Origin` header as it came, cut to 200 characters. Never trust it. */
  origin: text,
  /** The path of the option that moves the limit that was met, such as `handshake.limits.maxOpenPerAddress`. */
  option: plain<string>(),
  /** Who it was, where the credential had been verified by then. */
  principal: identifier,
};

/**
 * Every type of event: how loud it is, what it is called elsewhere, what it is counted by, and its fields. A field that is
 * not listed here reaches no sink, whatever a check reports (MO-06).
 */
export const EVENT_CATALOGUE = Object.freeze({
  /** A handshake was answered with an HTTP status, or with `101` and a Close frame that says the same. */
  'ws.handshake.refused': {
    level: 'warn',
    volume: 'refusals',
    owasp: nameOfHandshake,
    reasonIn: ['reason'],
    reasons: HANDSHAKE_REASONS,
    fields: { status: plain<number>(), ...HANDSHAKE },
    optional: HANDSHAKE_OPTIONAL,
  },
  /** A handshake met a limit which only reports for now, and went on. */
  'ws.handshake.reported': {
    level: 'warn',
    volume: 'refusals',
    owasp: nameOfHandshake,
    reasonIn: ['reason'],
    reasons: HANDSHAKE_REASONS,
    fields: HANDSHAKE,
    optional: HANDSHAKE_OPTIONAL,
  },
  /**
   * A forwarding field (`X-Forwarded-For`, `Forwarded`, ...) came from an address that is not a trusted proxy, and was not
   * believed: either somebody lies about an address, or a proxy is missing in `handshake.trustedProxies`.
   */
  'ws.handshake.forwarding-ignored': {
    level: 'warn',
    volume: 'refusals',
    owasp: 'malicious_extraneous',
    fields: {
      address,
      /** The field's name, one of a fixed few; never its value. */
      header: plain<string>(),
      option: plain<'handshake.trustedProxies'>(),
    },
  },
  /** Handshakes, or wrong credentials, come so fast that `handshake.challenge` is asked of everybody on this node. */
  'ws.attack.started': {
    level: 'warn',
    volume: 'rare',
    causedBy: 'stranger',
    owasp: 'excess_rate_limit_exceeded',
    fields: { handshakesPerSecond: plain<number>(), failuresPerSecond: plain<number>() },
  },
  /** It is calm again. */
  'ws.attack.ended': {
    level: 'log',
    volume: 'rare',
    causedBy: 'stranger',
    owasp: 'excess_rate_limit_exceeded',
    fields: { durationMs: plain<number>() },
  },
  /** The process is overloaded: `throttling.shedding` refuses new handshakes, and halves what anonymous clients may send. */
  'ws.shedding.started': {
    level: 'warn',
    volume: 'rare',
    causedBy: 'stranger',
    owasp: 'excess_rate_limit_exceeded',
    fields: {
      /** The average delay of the event loop over the last second. */
      eventLoopDelayMs: plain<number>(),
      /** How much of the heap that V8 allows is in use, 0 to 1. */
      heapShare: plain<number>(),
    },
  },
  /** The load is well below the limits again. */
  'ws.shedding.ended': {
    level: 'log',
    volume: 'rare',
    causedBy: 'stranger',
    owasp: 'excess_rate_limit_exceeded',
    fields: { durationMs: plain<number>() },
  },
  /** The shared store does not answer: limits hold for this node by itself, and after `store.admitWhileAwayMs` nobody new is admitted. */
  'ws.store.away': { level: 'error', volume: 'rare', owasp: 'sys_crash', fields: {} },
  /** It answers again. */
  'ws.store.back': { level: 'warn', volume: 'rare', owasp: 'sys_crash', fields: { durationMs: plain<number>() } },
  /**
   * Something in the shared store was not written by a node of this application, and was ignored: somebody else can write to it,
   * or the nodes have different keys. Told once a minute at most.
   */
  'ws.store.forged': {
    level: 'error',
    volume: 'rare',
    owasp: 'malicious_extraneous',
    fields: {
      what: plain<StoreForgery>(),
      /** How often it was met since it was told last. */
      count: plain<number>(),
    },
  },
  /**
   * Messages between the nodes were lost before this node had read them: what the others asked for with `WsCluster` was not done
   * here. Told once a minute at most. Revocations have a log of their own, and are caught up.
   */
  'ws.cluster.gap': { level: 'warn', volume: 'rare', owasp: 'sys_crash', fields: {} },
  ...ALERT_EVENTS,
  /**
   * A log-out token of an authorization server was not taken: somebody else's, or one that was used before; or nobody could tell
   * (`unavailable`), and it comes again.
   */
  'ws.logout.refused': {
    level: 'warn',
    volume: 'refusals',
    owasp: nameOfNotice,
    reasonIn: ['failure'],
    reasons: NOTICE_FAILURES,
    fields: { failure: plain<AuthenticationFailure>() },
    optional: { address },
  },
  ...SIGNAL_EVENTS,
  /** An HTTP route of the application handed out a ticket. */
  'ws.ticket.issued': {
    level: 'log',
    volume: 'connections',
    owasp: 'authn_token_created',
    fields: { principal: identifier },
    optional: { origin: text },
  },
  /** An HTTP route of the application refused a ticket. */
  'ws.ticket.refused': {
    level: 'warn',
    volume: 'refusals',
    owasp: ({ reason }: { reason: TicketRefusalReason }): OwaspEventName => TICKET_REASONS[reason],
    reasonIn: ['reason'],
    reasons: TICKET_REASONS,
    fields: { reason: plain<TicketRefusalReason>() },
    optional: {
      /** The `Origin` header as it came, cut to 200 characters. Never trust it. */
      origin: text,
      /** Who asked, where that was known by then. */
      principal: identifier,
    },
  },
  /** A handshake ended in `101`, and the connection's `handleConnection` hooks are about to run. */
  'ws.connection.opened': {
    level: 'log',
    volume: 'connections',
    owasp: ({ method = '' }: { method?: string }): 'session_created' | 'authn_login_success' =>
      method.startsWith('anonymous:') ? 'session_created' : 'authn_login_success',
    fields: CONNECTION,
    optional: CONNECTION_OPTIONAL,
  },
  /** A connection has another identity of the same principal: its client sent a fresh credential, or the application said so. */
  'ws.connection.refreshed': {
    level: 'log',
    volume: 'connections',
    owasp: 'session_renewed',
    fields: CONNECTION,
    optional: CONNECTION_OPTIONAL,
  },
  /** A connection ended. A client that did not read fast enough has the reason `SLOW_CONSUMER`. */
  'ws.connection.closed': {
    level: 'log',
    volume: 'connections',
    owasp: ({ reason }: { reason?: CloseCodeName }): OwaspEventName | undefined => OWASP_NAME_BY_CLOSE.get(reason),
    reasonIn: ['reason', 'initiator'],
    reasons: { ...CLOSE_CODES, server: true, client: true, network: true },
    fields: {
      ...CONNECTION,
      /** The code that `ws` reported: 1006 for everything that had no Close frame from the peer. */
      codeSeen: plain<number>(),
      /** Which side ended the connection. */
      initiator: plain<'server' | 'client' | 'network'>(),
      durationMs: plain<number>(),
      messagesReceived: plain<number>(),
      bytesReceived: plain<number>(),
      messagesSent: plain<number>(),
      /** As they went out: with frame headers and control frames. */
      bytesSent: plain<number>(),
    },
    optional: {
      ...CONNECTION_OPTIONAL,
      /** The code that this server sent; absent when the peer or the network ended the connection. */
      codeSent: plain<number>(),
      reason: plain<CloseCodeName>(),
    },
  },
  ...MESSAGE_EVENTS,
  ...OPERATOR_EVENTS,
  /** Code of the application threw outside a message: a lifecycle hook, an exception filter. */
  'ws.application.failed': {
    level: 'error',
    volume: 'refusals',
    owasp: 'sys_crash',
    fields: {
      /** The class and method. */
      where: plain<string>(),
    },
    optional: { connectionId: plain<string>() },
  },
  /** An option in use that weakens the module; one at boot for each (OWASP ASVS 5.0 13.4.2). */
  'ws.config.weak': {
    level: 'warn',
    volume: 'rare',
    owasp: 'sys_monitor_disabled',
    fields: { option: plain<string>(), warning: plain<string>() },
  },
  /** The process leaves: no handshake is admitted any more, and open connections are asked to go. */
  'ws.drain.started': {
    level: 'log',
    volume: 'rare',
    owasp: 'sys_shutdown',
    fields: { connections: plain<number>() },
  },
  /** The process has no connection any more. */
  'ws.drain.finished': {
    level: 'log',
    volume: 'rare',
    owasp: 'sys_shutdown',
    fields: {
      durationMs: plain<number>(),
      /** How many connections were still there when the time was over, and were cut off. */
      terminated: plain<number>(),
    },
  },
  /** Events that did not reach a sink or a listener since the last report; at most one a second for each of them. */
  'ws.audit.dropped': {
    level: 'error',
    volume: 'rare',
    owasp: 'sys_monitor_disabled',
    fields: {
      /** The class of the sink, or class and method of the listener. */
      sink: plain<string>(),
      /** How many did not fit into its queue. */
      dropped: plain<number>(),
      /** How many it threw at, rejected, or did not take in time. */
      failed: plain<number>(),
    },
    optional: {
      /** Whether the sink that is told is the one that lost them: they are missing in front of this very record. */
      own: plain<true>(),
    },
  },
  /** What a sink was spared, because too much of the same kind came at once; at most one a second. */
  'ws.audit.summary': {
    level: 'warn',
    volume: 'rare',
    owasp: 'excess_rate_limit_exceeded',
    fields: {
      /** The exact number of events that were left out, by type and reason, such as `ws.message.refused/json-syntax`. */
      suppressed: plain<Readonly<Record<string, number>>>(),
      /** The sum of `suppressed`. */
      total: plain<number>(),
    },
  },
} as const satisfies Record<string, EventRow>);
