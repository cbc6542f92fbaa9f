import type { CloseCodeName, WsErrorCode } from '@secure-ws/protocol';
import { AUTHENTICATION_FAILURES, type AuthenticationFailure } from '../authentication/authentication-failures.js';

/** The names of the OWASP Application Logging Vocabulary that events of this module fall under. */
export const OWASP_EVENT_NAMES = [
  'authn_login_success',
  'authn_login_fail',
  'authn_token_created',
  'authn_token_reuse',
  'authn_token_revoked',
  'authz_admin',
  'authz_fail',
  'crypt_decrypt_fail',
  'excess_rate_limit_exceeded',
  'excess_sessions_exceeded',
  'input_validation_fail',
  'malicious_cors',
  'malicious_csrf',
  'malicious_extraneous',
  'sequence_fail',
  'session_created',
  'session_expired',
  'session_renewed',
  'session_use_after_expire',
  'sys_crash',
  'sys_monitor_disabled',
  'sys_shutdown',
] as const;

/** The name of the OWASP Application Logging Vocabulary that an event falls under, for tools that know those names. */
export type OwaspEventName = (typeof OWASP_EVENT_NAMES)[number];

/** Every reason for which a handshake is refused, with the OWASP name of such an event. */
export const HANDSHAKE_REASONS = Object.freeze({
  'not-ready': 'excess_rate_limit_exceeded',
  // The process is overloaded.
  shedding: 'excess_rate_limit_exceeded',
  overloaded: 'excess_rate_limit_exceeded',
  'too-many-headers': 'malicious_extraneous',
  'method-not-allowed': 'input_validation_fail',
  'bad-http-version': 'input_validation_fail',
  'repeated-header': 'malicious_extraneous',
  'unexpected-body': 'malicious_extraneous',
  'bad-upgrade': 'input_validation_fail',
  'bad-connection': 'malicious_extraneous',
  'bad-key': 'input_validation_fail',
  'unsupported-version': 'input_validation_fail',
  'unknown-path': 'malicious_extraneous',
  'bad-host': 'input_validation_fail',
  'host-not-allowed': 'malicious_extraneous',
  'origin-not-allowed': 'malicious_cors',
  'bad-forwarding': 'malicious_extraneous',
  'address-rate': 'excess_rate_limit_exceeded',
  'address-backoff': 'excess_rate_limit_exceeded',
  'address-pending': 'excess_rate_limit_exceeded',
  'address-connections': 'excess_sessions_exceeded',
  'plaintext-redirect': 'malicious_extraneous',
  plaintext: 'malicious_extraneous',
  'weak-tls': 'malicious_extraneous',
  'bad-subprotocol': 'input_validation_fail',
  challenge: 'authn_login_fail',
  'challenge-unavailable': 'sys_crash',
  'origin-missing': 'malicious_cors',
  unauthenticated: 'authn_login_fail',
  'authenticator-unavailable': 'sys_crash',
  'first-message-limit': 'excess_rate_limit_exceeded',
  'first-message-timeout': 'authn_login_fail',
  'first-message-event': 'authn_login_fail',
  'first-message-size': 'input_validation_fail',
  csrf: 'malicious_csrf',
  guard: 'authz_fail',
  'principal-rate': 'excess_rate_limit_exceeded',
  'principal-backoff': 'excess_rate_limit_exceeded',
  'principal-connections': 'excess_sessions_exceeded',
  'client-gone': 'malicious_extraneous',
  timeout: 'sys_crash',
  internal: 'sys_crash',
} as const satisfies Record<string, OwaspEventName>);

/** Why a handshake was refused. */
export type HandshakeReason = keyof typeof HANDSHAKE_REASONS;

/** Limits of handshakes that `handshake.limits.mode: 'report'` lets pass. */
export const REPORTED_HANDSHAKE_REASONS: readonly HandshakeReason[] = [
  'address-rate',
  'address-backoff',
  'address-connections',
  'principal-rate',
  'principal-connections',
];

/**
 * Every reason for which a message is refused, with the OWASP name of such an event. `by-code`: the application refused,
 * and the code that it chose decides.
 */
export const MESSAGE_REASONS = Object.freeze({
  'identity-expired': 'session_use_after_expire',
  'broken-frame': 'input_validation_fail',
  'binary-frame': 'input_validation_fail',
  'text-frame': 'input_validation_fail',
  'early-bytes': 'input_validation_fail',
  'unfinished-bytes': 'excess_rate_limit_exceeded',
  'control-flood': 'excess_rate_limit_exceeded',
  'refresh-rate': 'excess_rate_limit_exceeded',
  'refresh-refused': 'authn_login_fail',
  'refresh-subject': 'authn_login_fail',
  'connection-throttle': 'excess_rate_limit_exceeded',
  'principal-throttle': 'excess_rate_limit_exceeded',
  'address-throttle': 'excess_rate_limit_exceeded',
  'tenant-throttle': 'excess_rate_limit_exceeded',
  'event-throttle': 'excess_rate_limit_exceeded',
  // The process is overloaded, and an anonymous client may send half as much.
  shedding: 'excess_rate_limit_exceeded',
  'queue-before-connect': 'excess_rate_limit_exceeded',
  'queue-full': 'excess_rate_limit_exceeded',
  'json-syntax': 'input_validation_fail',
  'json-depth': 'input_validation_fail',
  'json-keys': 'input_validation_fail',
  'json-nodes': 'input_validation_fail',
  'json-forbidden-key': 'malicious_extraneous',
  'json-duplicate-key': 'malicious_extraneous',
  'json-number': 'input_validation_fail',
  'json-text': 'input_validation_fail',
  'json-type': 'input_validation_fail',
  envelope: 'input_validation_fail',
  'foreign-event': 'malicious_extraneous',
  'unknown-event': 'authz_fail',
  claims: 'authz_fail',
  'step-up': 'authz_fail',
  'throttler-storage-failed': 'sys_crash',
  'throttle-failed': 'sys_crash',
  payload: 'input_validation_fail',
  bytes: 'input_validation_fail',
  'validator-failed': 'sys_crash',
  policy: 'authz_fail',
  // A denial first of all: whoever watches denials must see these too.
  'policy-failed': 'authz_fail',
  'policy-timeout': 'authz_fail',
  application: 'by-code',
  // An exception filter of the application took the exception and answered something of its own, or nothing.
  'application-filter': 'by-code',
  'handler-failed': 'sys_crash',
  // There was nobody left to answer.
  'handler-failed-after-close': 'sys_crash',
  'handler-timeout': 'sys_crash',
  'reply-not-serialisable': 'sys_crash',
  // What a handler returned is not what it declares to answer.
  'reply-undeclared': 'sys_crash',
  'check-failed': 'sys_crash',
  'message-size': 'input_validation_fail',
  'reply-too-large': 'sys_crash',
  streams: 'excess_rate_limit_exceeded',
} as const satisfies Record<string, OwaspEventName | 'by-code'>);

/** Why a request for a ticket was refused, with the OWASP name of such an event. */
export const TICKET_REASONS = Object.freeze({
  'origin-not-allowed': 'malicious_cors',
  unauthenticated: 'authn_login_fail',
  'identity-expired': 'session_use_after_expire',
  scopes: 'authz_fail',
  rate: 'excess_rate_limit_exceeded',
  unavailable: 'sys_crash',
} as const satisfies Record<string, OwaspEventName>);

/** Why a request for a ticket was refused. */
export type TicketRefusalReason = keyof typeof TICKET_REASONS;

/** Why a message was refused. */
export type MessageReason = keyof typeof MESSAGE_REASONS;

/** What throttles with `mode: 'report'` let pass, and what gateways under migration do. */
export const REPORTED_MESSAGE_REASONS: readonly MessageReason[] = [
  'connection-throttle',
  'principal-throttle',
  'address-throttle',
  'tenant-throttle',
  'event-throttle',
  'throttle-failed',
  'claims',
  'step-up',
  'payload',
  'validator-failed',
  'policy',
  'policy-failed',
  'policy-timeout',
];

/** The OWASP name by error code, for what the application refused and for reasons that nobody listed above. */
const OWASP_NAME_BY_CODE: Readonly<Record<WsErrorCode, OwaspEventName>> = Object.freeze({
  BAD_MESSAGE: 'input_validation_fail',
  FORBIDDEN: 'authz_fail',
  UNKNOWN_EVENT: 'authz_fail',
  VALIDATION_FAILED: 'input_validation_fail',
  THROTTLED: 'excess_rate_limit_exceeded',
  EXPIRED: 'sequence_fail',
  REPLAYED: 'sequence_fail',
  STEP_UP_REQUIRED: 'authz_fail',
  TIMEOUT: 'sys_crash',
  OVERLOADED: 'excess_rate_limit_exceeded',
  APPLICATION: 'input_validation_fail',
  INTERNAL: 'sys_crash',
});

/** What a failed authentication is called, where it is not plainly `authn_login_fail`. */
const OWASP_NAME_BY_FAILURE: ReadonlyMap<AuthenticationFailure | undefined, OwaspEventName> = new Map([
  ['expired', 'session_use_after_expire'],
  ['spent', 'authn_token_reuse'],
  ['revoked', 'authn_token_revoked'],
  ['unavailable', 'sys_crash'],
]);

/** What the end of a connection is called, where something was wrong with it. */
export const OWASP_NAME_BY_CLOSE: ReadonlyMap<CloseCodeName | undefined, OwaspEventName> = new Map([
  ['PROTOCOL_ERROR', 'input_validation_fail'],
  ['UNSUPPORTED_DATA', 'input_validation_fail'],
  ['INVALID_PAYLOAD', 'input_validation_fail'],
  ['TOO_BIG', 'input_validation_fail'],
  ['POLICY_VIOLATION', 'excess_rate_limit_exceeded'],
  ['THROTTLED', 'excess_rate_limit_exceeded'],
  ['SLOW_CONSUMER', 'excess_rate_limit_exceeded'],
  ['OVERLOADED', 'excess_rate_limit_exceeded'],
  ['CONNECTION_LIMIT', 'excess_sessions_exceeded'],
  ['REPLACED', 'excess_sessions_exceeded'],
  ['INTERNAL', 'sys_crash'],
  ['TOKEN_EXPIRED', 'session_expired'],
  ['MAX_LIFETIME', 'session_expired'],
  ['IDLE', 'session_expired'],
  ['AUTHENTICATION_TIMEOUT', 'authn_login_fail'],
  ['UNAUTHENTICATED', 'authn_login_fail'],
  ['SUBJECT_MISMATCH', 'authn_login_fail'],
  ['NOT_ADMITTED', 'authz_fail'],
  ['BANNED', 'authz_fail'],
  ['REVOKED', 'authn_token_revoked'],
  ['LOGGED_OUT', 'session_expired'],
  ['REPLAY_DETECTED', 'sequence_fail'],
]);

/** The OWASP name of a handshake that was refused, or would have been. */
export function nameOfHandshake(event: { reason: HandshakeReason; failure?: AuthenticationFailure }): OwaspEventName {
  return OWASP_NAME_BY_FAILURE.get(event.failure) ?? HANDSHAKE_REASONS[event.reason];
}

/** Why a log-out token or a security event token is not taken: the words alone. */
export const NOTICE_FAILURES: Readonly<Record<AuthenticationFailure, unknown>> = AUTHENTICATION_FAILURES;

/** The OWASP name of a log-out token or a security event token that was not taken. */
export function nameOfNotice({ failure }: { failure: AuthenticationFailure }): OwaspEventName {
  if (failure === 'too-many-refused') return 'excess_rate_limit_exceeded';
  return failure === 'unavailable' ? 'sys_crash' : 'authn_login_fail';
}

/** The OWASP name of a message that was refused, or would have been. */
export function nameOfMessage({ reason, code }: { reason: string; code: WsErrorCode }): OwaspEventName {
  const names: Readonly<Record<string, OwaspEventName | 'by-code'>> = MESSAGE_REASONS;
  const name = Object.hasOwn(names, reason) ? names[reason] : undefined;
  return name === undefined || name === 'by-code' ? OWASP_NAME_BY_CODE[code] : name;
}
