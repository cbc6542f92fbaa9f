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
 * client gets; the text of the code goes out, and nothing else.
 */
export class WsRefusalException extends WsException {
  constructor(
    readonly code: WsErrorCode,
    readonly extras: RefusalExtras = {},
  ) {
    super({ code, ...extras });
  }
}
