import { WsException } from '@nestjs/websockets';
import type { ValidationIssue, WsErrorCode } from '@secure-ws/protocol';

/** What a {@link WsRefusalException} says besides its code. */
export interface RefusalExtras {
  /** How long the client should wait, in milliseconds. */
  readonly retryAfterMs?: number;
  /** Which rules the payload breaks; at most five, never values. */
  readonly issues?: readonly ValidationIssue[];
}

/**
 * Refuses a message with a code of the protocol. Throw it from a handler, guard, pipe or interceptor to choose what the
 * client gets; the text of the code goes out, and nothing else. For errors of the application's own there is
 * {@link WsApplicationError}.
 */
export class WsRefusalException extends WsException {
  constructor(
    readonly code: WsErrorCode,
    readonly extras: RefusalExtras = {},
  ) {
    super({ code, ...extras });
  }
}

const REASON = /^[A-Z][A-Z0-9_]{0,63}$/;

/** Whether a value can be the code of an application's error: 1 to 64 of `A-Z`, `0-9` and `_`, a letter first. */
export function isApplicationReason(value: unknown): value is string {
  return typeof value === 'string' && REASON.test(value);
}

/**
 * An error of the application's own that the client is told: `{ "code": "APPLICATION", "reason": "ROOM_FULL" }`, with the
 * `id` of the message. Throw it from a handler, guard, pipe or interceptor. It is no violation.
 *
 * @example
 * ```ts
 * throw new WsApplicationError('ROOM_FULL', { capacity: 50 });
 * ```
 */
export class WsApplicationError extends WsException {
  /**
   * @param reason the application's code, `[A-Z][A-Z0-9_]*`, at most 64 characters.
   * @param details what the client may know besides: plain data, or an instance of an output DTO, of which the properties
   * with `@Expose()` are sent (none of a group). At most 4 KiB as JSON. Anything else, such as an entity, stays here.
   * @throws TypeError for a reason of another shape: a sentence would carry what a client sent to other clients.
   */
  constructor(
    readonly reason: string,
    readonly details?: unknown,
  ) {
    super({ code: 'APPLICATION', reason });
    if (!isApplicationReason(reason)) {
      throw new TypeError(
        "The reason of a WsApplicationError is a code such as 'ROOM_FULL': capitals, digits and underscores.",
      );
    }
  }
}
