import {
  ERROR_EVENT,
  ERROR_MESSAGES,
  type MessageId,
  type ValidationIssue,
  type WsErrorCode,
} from '@secure-ws/protocol';

/** What an error frame says besides its code. */
export interface ErrorDetails {
  readonly id?: MessageId | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly issues?: readonly ValidationIssue[] | undefined;
}

/** Writes an error frame. Of the refused message only its `id` comes back. */
export function errorFrame(code: WsErrorCode, correlationId: string, details: ErrorDetails): string {
  const { id, retryAfterMs, issues } = details;
  return JSON.stringify({
    event: ERROR_EVENT,
    ...(id === undefined ? {} : { id }),
    data: {
      code,
      message: code === 'UNKNOWN_EVENT' ? 'There is no such event.' : ERROR_MESSAGES[code],
      ...(retryAfterMs === undefined ? {} : { retryAfterMs: Math.ceil(retryAfterMs) }),
      ...(issues === undefined ? {} : { issues }),
      correlationId,
    },
  });
}

/**
 * Writes a reply: what a handler returned, under the event of the request, or under its own where it returned Nest's
 * `{ event, data }`.
 *
 * @returns `undefined` where there is nothing to send: no value, and no `id` that waits for an answer.
 * @throws what `JSON.stringify` throws: for a BigInt, a cycle, a throwing getter.
 */
export function replyFrame(eventJson: string, id: MessageId | undefined, value: unknown): string | undefined {
  const tail = id === undefined ? '}' : `,"id":${typeof id === 'number' ? id : `"${id}"`}}`;
  if (value === undefined || value === null) return id === undefined ? undefined : `{"event":${eventJson}${tail}`;
  let event = eventJson;
  let data: unknown = value;
  if (isWsResponse(value)) {
    event = JSON.stringify(value.event);
    data = value.data;
  }
  // A function or a symbol has no JSON, and leaves the reply without data.
  const json = JSON.stringify(data) as string | undefined;
  return json === undefined ? `{"event":${event}${tail}` : `{"event":${event},"data":${json}${tail}`;
}

/** Nest's `WsResponse`: an object of `event` and `data` and nothing else. */
function isWsResponse(value: unknown): value is { event: string; data: unknown } {
  if (typeof value !== 'object' || value === null || typeof (value as { event?: unknown }).event !== 'string')
    return false;
  for (const key in value) {
    if (key !== 'event' && key !== 'data') return false;
  }
  return true;
}
