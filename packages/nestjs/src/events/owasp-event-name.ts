/** The names of the OWASP Application Logging Vocabulary that events of this module fall under. */
export const OWASP_EVENT_NAMES = [
  'authn_login_success',
  'authn_login_fail',
  'authn_token_reuse',
  'authn_token_revoked',
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
  'session_use_after_expire',
  'sys_crash',
  'sys_monitor_disabled',
  'sys_shutdown',
] as const;

/** The name of the OWASP Application Logging Vocabulary that an event falls under, for tools that know those names. */
export type OwaspEventName = (typeof OWASP_EVENT_NAMES)[number];
