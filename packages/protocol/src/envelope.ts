import type { WsErrorCode } from './error-codes.js';

/** What a client may send as `id`, and the only part of its message that ever comes back. */
export type MessageId = string | number;

/** A message from a client. No other key is allowed. */
export interface ClientMessage {
  readonly event: string;
  readonly data?: unknown;
  readonly id?: MessageId;
}

/** A message from the server: a reply (with the `id` of its request) or a push (without). */
export interface ServerMessage {
  readonly event: string;
  readonly data?: unknown;
  readonly id?: MessageId;
  /** `true` in the last frame of a stream. */
  readonly end?: true;
}

/** One failed rule of a refused payload: where and which, never the value. */
export interface ValidationIssue {
  /** The path of the property, such as `items.0.quantity`; empty for the payload itself. */
  readonly path: string;
  /** The name of the rule, such as `isInt`. */
  readonly rule: string;
  /** The validator's own text; only where the server runs with `detailedErrors`. */
  readonly message?: string;
}

/** The `data` of an error frame. */
export interface ErrorData {
  readonly code: WsErrorCode;
  readonly message: string;
  /** The application's own code, where `code` is `APPLICATION`: `[A-Z][A-Z0-9_]*`. */
  readonly reason?: string;
  /** What the application lets the client know besides. */
  readonly details?: unknown;
  readonly retryAfterMs?: number;
  /** At most five. */
  readonly issues?: readonly ValidationIssue[];
  /** The same id stands in the server's audit record of this refusal. */
  readonly correlationId: string;
}

/** A refusal, as it goes on the wire. */
export interface ErrorMessage {
  readonly event: 'error';
  readonly id?: MessageId;
  /**
   * The numbers of the first and the last message that it is about, where they were not read far enough to have an `id`.
   * The first message of a connection is 1.
   */
  readonly messages?: readonly [from: number, to: number];
  readonly data: ErrorData;
}

/** The event of every error frame. */
export const ERROR_EVENT = 'error';

/** Events that begin with this belong to the module. */
export const RESERVED_EVENT_PREFIX = '$';

const ID_SHAPE = /^[A-Za-z0-9_-]{1,64}$/;

/** Whether a value is allowed as the `id` of a message: a safe integer, or 1 to 64 of `[A-Za-z0-9_-]`. */
export function isMessageId(value: unknown): value is MessageId {
  return typeof value === 'string' ? ID_SHAPE.test(value) : Number.isSafeInteger(value);
}
