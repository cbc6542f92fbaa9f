import type { CloseCodeName, ValidationIssue, WsErrorCode } from '@secure-ws/protocol';
import type { MessageReason } from '../events/event-reasons.js';
import type { ViolationKind } from '../throttling/violations/violations.options.js';

export interface Refusal {
  readonly code: WsErrorCode;
  /** The check that refused, for the audit. */
  readonly reason: MessageReason;
  /** Closes the connection with this instead of an answer. */
  readonly close?: CloseCodeName;
  readonly retryAfterMs?: number | undefined;
  readonly issues?: readonly ValidationIssue[] | undefined;
  /** The application's own code of an `APPLICATION` refusal, with what it lets the client know. */
  readonly application?: { readonly reason?: string | undefined; readonly details?: unknown } | undefined;
  /** The text of an exception; sent where `detailedErrors` is on. */
  readonly text?: string | undefined;
  /** The role or scope that the principal lacks, for the audit. */
  readonly missing?: string | undefined;
  /** What moves the limit that was met, for the audit. */
  readonly option?: string | undefined;
  /** What the application threw, where it failed rather than refused: its operator needs the stack. */
  readonly fault?: { readonly exception: unknown } | undefined;
}

/**
 * What a refusal is charged as. What the application refused by itself, and what failed here, is nobody's violation. A
 * policy that throws or takes too long counts as one that denies: otherwise asking for what is not there would be free,
 * and told apart from what is somebody else's (F27).
 */
export function violationOf({ code, reason }: Refusal): ViolationKind | undefined {
  switch (reason) {
    case 'broken-frame':
    case 'binary-frame':
    case 'text-frame':
    case 'foreign-event':
    case 'control-flood':
    case 'queue-before-connect':
      return 'bad-frame';
    // AZ-12: both weigh the same, or a stranger could tell by the close which events exist: 34 messages or 101.
    case 'unknown-event':
    case 'claims':
      return 'unknown-event';
    case 'refresh-refused':
    case 'policy':
    case 'policy-failed':
    case 'policy-timeout':
    case 'validator-failed':
      return 'forbidden';
    case 'payload':
    case 'bytes':
      return 'validation';
    case 'application':
    case 'application-filter':
    // What others have used up is no offence of whoever comes last, and an overload is nobody's.
    case 'address-throttle':
    case 'tenant-throttle':
    case 'shedding':
      return undefined;
    default:
      if (code === 'BAD_MESSAGE') return 'bad-json';
      return code === 'THROTTLED' ? 'throttled' : undefined;
  }
}
