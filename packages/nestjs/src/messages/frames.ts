import { ERROR_EVENT, ERROR_MESSAGES, type ErrorData, type MessageId, type WsErrorCode } from '@secure-ws/protocol';
import { plainJson } from '../core/plain-json.js';
import { refuseReservedEvent } from '../core/reserved-event.js';
import type { CompiledOutput } from '../output/compiled-output.js';
import type { Refusal } from './refusal.js';

/** The numbers of the first and the last message that an error frame is about. */
export type MessageRange = readonly [from: number, to: number];

/** The `data` of an error frame. Nothing of the refused message is in it. */
export function errorData(refusal: Refusal, correlationId: string, withText: boolean): ErrorData {
  const { code, retryAfterMs, issues, application, text } = refusal;
  const isWait = retryAfterMs !== undefined && Number.isFinite(retryAfterMs);
  return {
    code,
    // Of an exception's message only the type says that it is a text.
    message: withText && typeof text === 'string' ? text : messageOf(code),
    ...(application?.reason === undefined ? {} : { reason: application.reason }),
    ...(application?.details === undefined ? {} : { details: application.details }),
    ...(isWait ? { retryAfterMs: Math.ceil(retryAfterMs) } : {}),
    ...(issues === undefined ? {} : { issues }),
    correlationId,
  };
}

/** Writes an error frame: of a message with an `id`, or of messages that were not read far enough to have one. */
export function errorFrame(data: ErrorData, id: MessageId | undefined, messages?: MessageRange): string {
  return JSON.stringify({
    event: ERROR_EVENT,
    ...(id === undefined ? {} : { id }),
    ...(messages === undefined ? {} : { messages }),
    data,
  });
}

/**
 * Writes a reply: what a handler returned, under the event of the request, or under its own where it returned Nest's
 * `{ event, data }`.
 *
 * @param output what may go out, where that is declared.
 * @param roles those of the client.
 * @returns `undefined` where there is nothing to send: no value, and no `id` that waits for an answer.
 * @throws {UnfitOutputError} for a value that is not what was declared.
 * @throws what `plainJson` throws: for a BigInt, a cycle, a throwing getter, a promise, a stream. TypeError for a reserved event.
 */
export function replyFrame(
  eventJson: string,
  id: MessageId | undefined,
  value: unknown,
  output?: CompiledOutput,
  roles: readonly string[] = [],
): string | undefined {
  if (value === undefined) return id === undefined ? undefined : `{"event":${eventJson}${tail(id)}`;
  if (value === null && id === undefined) return undefined;
  const response = readResponse(value);
  const event = response === undefined ? eventJson : JSON.stringify(response.event);
  const data = response === undefined ? value : response.data;
  // A function or a symbol has no JSON, and leaves the reply without data.
  const json = plainJson(output === undefined ? data : output.write(data, roles));
  return json === undefined ? `{"event":${event}${tail(id)}` : `{"event":${event},"data":${json}${tail(id)}`;
}

export function endFrame(eventJson: string, id: MessageId): string {
  return `{"event":${eventJson},"end":true${tail(id)}`;
}

function tail(id: MessageId | undefined): string {
  return id === undefined ? '}' : `,"id":${typeof id === 'number' ? id : `"${id}"`}}`;
}

function messageOf(code: WsErrorCode): string {
  return code === 'UNKNOWN_EVENT' ? 'There is no such event.' : ERROR_MESSAGES[code];
}

/**
 * Nest's `WsResponse`: an object of `event` and `data` and nothing else, each read once, since a getter may answer
 * differently the next time. One that says itself how it is written is plain data.
 */
export function readResponse(value: unknown): { event: string; data: unknown } | undefined {
  if (typeof value !== 'object' || value === null || !('event' in value)) return undefined;
  for (const key in value) {
    if (key !== 'event' && key !== 'data') return undefined;
  }
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return undefined;
  const { event } = value;
  if (typeof event !== 'string') return undefined;
  refuseReservedEvent(event);
  return { event, data: (value as { data?: unknown }).data };
}
