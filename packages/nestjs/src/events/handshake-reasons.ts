import type { OwaspEventName } from './owasp-event-name.js';

/** Every reason for which a handshake is refused, with the OWASP name of such an event. */
export const HANDSHAKE_REASONS = Object.freeze({
  'not-ready': 'excess_rate_limit_exceeded',
  overloaded: 'excess_rate_limit_exceeded',
  'too-many-headers': 'malicious_extraneous',
  'method-not-allowed': 'input_validation_fail',
  'bad-http-version': 'input_validation_fail',
  'repeated-header': 'malicious_extraneous',
  'unexpected-body': 'malicious_extraneous',
  'bad-upgrade': 'input_validation_fail',
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
  'bad-subprotocol': 'input_validation_fail',
  'origin-missing': 'malicious_cors',
  unauthenticated: 'authn_login_fail',
  'authenticator-unavailable': 'sys_crash',
  csrf: 'malicious_csrf',
  guard: 'authz_fail',
  'principal-backoff': 'excess_rate_limit_exceeded',
  'principal-connections': 'excess_sessions_exceeded',
  'client-gone': 'malicious_extraneous',
  timeout: 'sys_crash',
  internal: 'sys_crash',
} as const satisfies Record<string, OwaspEventName>);

/** Why a handshake was refused. */
export type HandshakeReason = keyof typeof HANDSHAKE_REASONS;
