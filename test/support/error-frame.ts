import type { ErrorData, WsErrorCode } from '@secure-ws/protocol';
import { expect } from 'vitest';
import type { ReceivedMessage } from './queueing-client.js';

/**
 * Checks that a message is an error frame of the documented form and no more: nothing else may hide in it.
 *
 * @returns its data.
 */
export function expectError(message: ReceivedMessage, code: WsErrorCode): ErrorData {
  expect(message).toMatchObject({ event: 'error', data: { code } });
  for (const key of Object.keys(message)) expect(['event', 'id', 'messages', 'data']).toContain(key);
  // One or the other, or neither: what has an id was read.
  if (message.messages !== undefined) expect(message.id).toBeUndefined();
  const data = message.data as ErrorData;
  for (const key of Object.keys(data)) {
    expect(['code', 'message', 'reason', 'details', 'retryAfterMs', 'issues', 'correlationId']).toContain(key);
  }
  // 128 bits in base64url.
  expect(data.correlationId).toMatch(/^[A-Za-z0-9_-]{22}$/);
  return data;
}

/** An error frame without what differs each time, for comparisons. */
export function withoutCorrelation(message: ReceivedMessage): unknown {
  const { correlationId: _, ...data } = message.data as ErrorData;
  return { ...message, data };
}
