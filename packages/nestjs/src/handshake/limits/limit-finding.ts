import type { HandshakeRefusalReason } from '../handshake-refusal.js';
import type { HandshakeLimitsOptions } from './limits.options.js';

/** A handshake that met a limit. */
export interface LimitFinding {
  /** What to refuse with, or to report; `option` says which of a client's own limits it was. */
  readonly reason: HandshakeRefusalReason;
  /** The path of the option that moves this limit, such as `handshake.limits.maxOpenPerAddress`; for the log, never the client. */
  readonly option: string;
  /** Whether to refuse. `false` where the limit only reports: the event says so and the handshake goes on. */
  readonly enforced: boolean;
  /** When to come back, for `Retry-After`, in milliseconds. */
  readonly retryAfterMs: number;
}

/** Long enough that a refused client does not come back at once, short enough that a place that got free is used. */
const RETRY_AFTER_MS = 5000;

/** Makes a finding about one of the options of `handshake.limits`. */
export function finding(
  reason: HandshakeRefusalReason,
  option: keyof HandshakeLimitsOptions,
  enforced: boolean,
  retryAfterMs = RETRY_AFTER_MS,
): LimitFinding {
  return { reason, option: `handshake.limits.${option}`, enforced, retryAfterMs };
}
