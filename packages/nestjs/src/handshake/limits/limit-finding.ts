/** The limits of the handshake, as audit events name them. */
export type HandshakeLimitName =
  | 'process-pending'
  | 'process-open'
  | 'address-pending'
  | 'address-open'
  | 'address-rate'
  | 'address-backoff'
  | 'principal-rate'
  | 'principal-open'
  | 'session-open'
  | 'api-key-open';

/** A handshake that met a limit. */
export interface LimitFinding {
  readonly limit: HandshakeLimitName;
  /** The path of the option that moves this limit, such as `handshake.limits.maxOpenPerAddress`; for the log, never the client. */
  readonly option: string;
  /** Whether to refuse. `false` where the limit only reports: the event says so and the handshake goes on. */
  readonly enforced: boolean;
  /** When to come back, for `Retry-After`, in milliseconds. */
  readonly retryAfterMs: number;
}
