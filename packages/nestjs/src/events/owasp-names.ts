import type { CloseCodeName } from '@secure-ws/protocol';
import type { AuthenticationFailure } from '../authentication/authenticator.js';
import type { HandshakeRefusedEvent } from './handshake-events.js';
import { HANDSHAKE_REASONS } from './handshake-reasons.js';
import type { MessageRefusedEvent } from './message-events.js';
import { MESSAGE_REASONS, OWASP_NAME_BY_CODE } from './message-reasons.js';
import type { OwaspEventName } from './owasp-event-name.js';
import type { SecurityEventData } from './security-event.js';

/** What a failed authentication is called, where it is not plainly `authn_login_fail`. */
const BY_FAILURE: ReadonlyMap<AuthenticationFailure | undefined, OwaspEventName> = new Map([
  ['expired', 'session_use_after_expire'],
  ['unavailable', 'sys_crash'],
]);

/** What the end of a connection is called, where something was wrong with it. */
const BY_CLOSE: ReadonlyMap<CloseCodeName | undefined, OwaspEventName> = new Map([
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
  ['REPLAY_DETECTED', 'sequence_fail'],
]);

/**
 * The name of the OWASP Application Logging Vocabulary for an event: the one place where type and reason become a name.
 *
 * @returns `undefined` for the end of a connection that nothing was wrong with.
 */
export function owaspNameOf(event: SecurityEventData): OwaspEventName | undefined {
  switch (event.type) {
    case 'ws.handshake.accepted':
      return 'authn_login_success';
    case 'ws.handshake.refused':
    case 'ws.handshake.reported':
      return ofHandshake(event);
    case 'ws.handshake.forwarding-ignored':
      return 'malicious_extraneous';
    case 'ws.connection.opened':
      return 'session_created';
    case 'ws.connection.closed':
      return BY_CLOSE.get(event.reason);
    case 'ws.violations.exceeded':
    case 'ws.audit.summary':
      return 'excess_rate_limit_exceeded';
    case 'ws.message.refused':
    case 'ws.message.reported':
      return ofMessage(event);
    case 'ws.application.failed':
      return 'sys_crash';
    case 'ws.config.weak':
    case 'ws.audit.dropped':
      return 'sys_monitor_disabled';
    case 'ws.drain.started':
    case 'ws.drain.finished':
      return 'sys_shutdown';
  }
}

function ofHandshake({ reason, failure }: Pick<HandshakeRefusedEvent, 'reason' | 'failure'>): OwaspEventName {
  return BY_FAILURE.get(failure) ?? HANDSHAKE_REASONS[reason];
}

function ofMessage({ reason, code }: Pick<MessageRefusedEvent, 'reason' | 'code'>): OwaspEventName {
  const name = Object.hasOwn(MESSAGE_REASONS, reason)
    ? MESSAGE_REASONS[reason as keyof typeof MESSAGE_REASONS]
    : 'by-code';
  return name === 'by-code' ? OWASP_NAME_BY_CODE[code] : name;
}
