import type { WsErrorCode } from '@secure-ws/protocol';
import type { OwaspEventName } from './owasp-event-name.js';

/**
 * Every reason for which a message is refused, with the OWASP name of such an event. `by-code`: the application refused,
 * and the code that it chose decides.
 */
export const MESSAGE_REASONS = Object.freeze({
  'identity-expired': 'session_use_after_expire',
  'broken-frame': 'input_validation_fail',
  'binary-frame': 'input_validation_fail',
  'connection-throttle': 'excess_rate_limit_exceeded',
  'principal-throttle': 'excess_rate_limit_exceeded',
  'event-throttle': 'excess_rate_limit_exceeded',
  'queue-before-connect': 'excess_rate_limit_exceeded',
  'queue-full': 'excess_rate_limit_exceeded',
  'json-syntax': 'input_validation_fail',
  'json-depth': 'input_validation_fail',
  'json-keys': 'input_validation_fail',
  'json-nodes': 'input_validation_fail',
  'json-forbidden-key': 'malicious_extraneous',
  'json-duplicate-key': 'malicious_extraneous',
  'json-number': 'input_validation_fail',
  envelope: 'input_validation_fail',
  'unknown-event': 'authz_fail',
  claims: 'authz_fail',
  'throttler-storage-failed': 'sys_crash',
  payload: 'input_validation_fail',
  'validator-failed': 'sys_crash',
  policy: 'authz_fail',
  // A denial first of all: whoever watches denials must see these too.
  'policy-failed': 'authz_fail',
  'policy-timeout': 'authz_fail',
  application: 'by-code',
  'handler-failed': 'sys_crash',
  'handler-timeout': 'sys_crash',
  'reply-not-serialisable': 'sys_crash',
  streams: 'excess_rate_limit_exceeded',
} as const satisfies Record<string, OwaspEventName | 'by-code'>);

/** Why a message was refused. */
export type MessageReason = keyof typeof MESSAGE_REASONS;

/** The OWASP name by error code, for what the application refused and for reasons that nobody listed above. */
export const OWASP_NAME_BY_CODE: Readonly<Record<WsErrorCode, OwaspEventName>> = Object.freeze({
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
  INTERNAL: 'sys_crash',
});
