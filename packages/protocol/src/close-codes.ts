/** What a client should do after a close with a given code. */
export type ReconnectAdvice =
  /** The client decides. */
  | 'as-it-likes'
  /** Reconnect at once. */
  | 'now'
  /** Reconnect at once with jitter, if it still listens. */
  | 'now-jittered'
  /** Reconnect with exponential backoff and jitter. */
  | 'backoff'
  /** As `backoff`, and give up after three attempts: the client itself is at fault. */
  | 'backoff-limited'
  /** As `backoff-limited`, and never send the offending message again. */
  | 'do-not-resend'
  /** Reconnect after the delay in the close reason. */
  | 'after-hint'
  /** Obtain a fresh credential, then reconnect. */
  | 'after-refresh'
  /** Solve a challenge, then reconnect. */
  | 'after-challenge'
  /** Reconnect when the user asks for it. */
  | 'on-demand'
  /** Ask the user to log in again. */
  | 'new-login'
  /** Do not reconnect. */
  | 'never';

/** One entry of the close-code catalogue. */
export interface CloseCodeEntry {
  readonly code: number;
  /** The first word of the close reason. */
  readonly word: string;
  readonly advice: ReconnectAdvice;
}

const entry = <Code extends number>(code: Code, word: string, advice: ReconnectAdvice) =>
  Object.freeze({ code, word, advice });

/**
 * Every code that a SecureWs server sends in a Close frame.
 *
 * RFC 6455 section 7.4.1 and IANA codes are used where one fits. Of the private range, 4000-4499 allows the client to
 * come back by itself and 4500-4999 does not. 1004, 1005, 1006 and 1015 never go on the wire.
 */
export const CLOSE_CODES = Object.freeze({
  NORMAL: entry(1000, 'normal', 'as-it-likes'),
  GOING_AWAY: entry(1001, 'going-away', 'backoff'),
  PROTOCOL_ERROR: entry(1002, 'protocol-error', 'backoff-limited'),
  UNSUPPORTED_DATA: entry(1003, 'unsupported-data', 'do-not-resend'),
  INVALID_PAYLOAD: entry(1007, 'invalid-payload', 'do-not-resend'),
  POLICY_VIOLATION: entry(1008, 'policy-violation', 'never'),
  TOO_BIG: entry(1009, 'too-big', 'do-not-resend'),
  INTERNAL: entry(1011, 'internal', 'backoff'),
  RESTART: entry(1012, 'restart', 'after-hint'),
  OVERLOADED: entry(1013, 'overloaded', 'after-hint'),
  TOKEN_EXPIRED: entry(4001, 'token-expired', 'after-refresh'),
  MAX_LIFETIME: entry(4002, 'max-lifetime', 'now'),
  RECONNECT: entry(4003, 'reconnect', 'now'),
  IDLE: entry(4004, 'idle', 'now-jittered'),
  HEARTBEAT_LOST: entry(4008, 'heartbeat-lost', 'backoff'),
  SLOW_CONSUMER: entry(4010, 'slow-consumer', 'backoff'),
  THROTTLED: entry(4029, 'throttled', 'after-hint'),
  AUTHENTICATION_TIMEOUT: entry(4031, 'authentication-timeout', 'backoff'),
  UNAUTHENTICATED: entry(4401, 'unauthenticated', 'after-refresh'),
  CHALLENGE_REQUIRED: entry(4402, 'challenge-required', 'after-challenge'),
  NOT_ADMITTED: entry(4403, 'not-admitted', 'never'),
  REVOKED: entry(4504, 'revoked', 'new-login'),
  BANNED: entry(4505, 'banned', 'never'),
  REPLAY_DETECTED: entry(4507, 'replay-detected', 'never'),
  CONNECTION_LIMIT: entry(4508, 'connection-limit', 'on-demand'),
  SUBJECT_MISMATCH: entry(4510, 'subject-mismatch', 'never'),
  REPLACED: entry(4511, 'replaced', 'never'),
  LOGGED_OUT: entry(4512, 'logged-out', 'new-login'),
});

/** The name of a close code, as in {@link CLOSE_CODES}. */
export type CloseCodeName = keyof typeof CLOSE_CODES;

const byCode: ReadonlyMap<number, CloseCodeName> = new Map(
  (Object.keys(CLOSE_CODES) as CloseCodeName[]).map((name) => [CLOSE_CODES[name].code, name]),
);

/**
 * Finds the catalogue's name of a close code.
 *
 * @returns the name, or `undefined` for a code that is not in the catalogue.
 */
export function closeCodeName(code: number): CloseCodeName | undefined {
  return byCode.get(code);
}

/**
 * Says what a client should do after a close.
 *
 * Codes outside the catalogue follow the ranges: 4500-4999 never come back, everything else backs off (1006, which a
 * client sees when the network or an HTTP refusal ended the connection, among it).
 */
export function reconnectAdvice(code: number): ReconnectAdvice {
  const name = byCode.get(code);
  if (name !== undefined) return CLOSE_CODES[name].advice;
  return code >= 4500 && code <= 4999 ? 'never' : 'backoff';
}
