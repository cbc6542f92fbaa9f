import type { CloseCodeName, WsErrorCode } from '@secure-ws/protocol';

/**
 * The name of the OWASP Application Logging Vocabulary that an event falls under, for tools that know those names.
 */
export type OwaspEventName =
  | 'authn_login_success'
  | 'authn_login_fail'
  | 'authn_token_reuse'
  | 'authz_fail'
  | 'crypt_decrypt_fail'
  | 'excess_rate_limit_exceeded'
  | 'excess_sessions_exceeded'
  | 'input_validation_fail'
  | 'malicious_cors'
  | 'malicious_csrf'
  | 'malicious_extraneous'
  | 'sequence_fail'
  | 'session_created'
  | 'session_expired'
  | 'session_use_after_expire'
  | 'sys_crash'
  | 'sys_monitor_disabled';

/** Which side ended a connection. */
export type CloseInitiator = 'server' | 'client' | 'network';

/** A handshake that ended in `101`. */
export interface HandshakeAcceptedEvent {
  readonly type: 'ws.handshake.accepted';
  readonly owasp: 'authn_login_success';
  readonly connectionId: string;
  readonly path: string;
  readonly address: string;
  readonly origin?: string;
  /** The authenticator's kind. */
  readonly method: string;
  readonly principal: string;
}

/** A handshake that was answered with an HTTP status. */
export interface HandshakeRefusedEvent {
  readonly type: 'ws.handshake.refused';
  readonly owasp: OwaspEventName;
  readonly status: number;
  /** The check that refused, and for `credentials` the failure of the authenticator. */
  readonly reason: string;
  readonly failure?: string;
  readonly path?: string;
  readonly address: string;
  /** The `Origin` header as it came, cut to 200 characters. Never trust it. */
  readonly origin?: string;
}

/** A connection whose `handleConnection` hooks are about to run. */
export interface ConnectionOpenedEvent {
  readonly type: 'ws.connection.opened';
  readonly owasp: 'session_created';
  readonly connectionId: string;
  readonly path: string;
  readonly address: string;
  readonly principal: string;
}

/** A connection that ended. */
export interface ConnectionClosedEvent {
  readonly type: 'ws.connection.closed';
  readonly owasp?: OwaspEventName;
  readonly connectionId: string;
  readonly path: string;
  readonly address: string;
  readonly principal: string;
  /** The code that this server sent; absent when the peer or the network ended the connection. */
  readonly codeSent?: number;
  readonly reason?: CloseCodeName;
  /** The code that `ws` reported: 1006 for everything that had no Close frame from the peer. */
  readonly codeSeen: number;
  readonly initiator: CloseInitiator;
  readonly durationMs: number;
  readonly messagesReceived: number;
  readonly bytesReceived: number;
}

/** A message that was not handled, or whose handler failed. */
export interface MessageRefusedEvent {
  readonly type: 'ws.message.refused';
  readonly owasp: OwaspEventName;
  readonly code: WsErrorCode;
  /** The check that refused. */
  readonly reason: string;
  readonly connectionId: string;
  readonly principal: string;
  readonly path: string;
  readonly address: string;
  /** The event, where it is one of the application's; a name that the client made up is not repeated. */
  readonly event?: string;
  /** The same id stands in the error frame. */
  readonly correlationId: string;
}

/** A message that would have been refused, on a gateway of the `migration` option. */
export interface MessageReportedEvent extends Omit<MessageRefusedEvent, 'type'> {
  readonly type: 'ws.message.reported';
}

/** Code of the application that threw outside a message: a lifecycle hook, an exception filter, a sink. */
export interface ApplicationFailedEvent {
  readonly type: 'ws.application.failed';
  readonly owasp: 'sys_crash';
  /** The class and method. */
  readonly where: string;
  readonly connectionId?: string;
}

/** An option in use that weakens the module; one at boot for each. */
export interface WeakConfigurationEvent {
  readonly type: 'ws.config.weak';
  readonly owasp: 'sys_monitor_disabled';
  readonly option: string;
  readonly warning: string;
}

/** Everything that the module reports. */
export type SecurityEventData =
  | HandshakeAcceptedEvent
  | HandshakeRefusedEvent
  | ConnectionOpenedEvent
  | ConnectionClosedEvent
  | MessageRefusedEvent
  | MessageReportedEvent
  | ApplicationFailedEvent
  | WeakConfigurationEvent;

/** An event with the time it was reported at. */
export type SecurityEvent = SecurityEventData & {
  /** ISO 8601, UTC (OWASP ASVS 5.0 16.2.2). */
  readonly time: string;
};
