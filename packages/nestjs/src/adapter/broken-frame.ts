import type { CloseCodeName } from '@secure-ws/protocol';

const CLOSES: ReadonlyMap<string, CloseCodeName> = new Map<string, CloseCodeName>([
  ['WS_ERR_INVALID_UTF8', 'INVALID_PAYLOAD'],
  ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 'TOO_BIG'],
  ['WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH', 'TOO_BIG'],
  ['WS_ERR_TOO_MANY_BUFFERED_PARTS', 'POLICY_VIOLATION'],
  ['WS_ERR_TOO_MANY_PENDING_AUTO_PONGS', 'POLICY_VIOLATION'],
]);

/**
 * Says with which code `ws` closes after an error. It reports 1006 in its own `close` event for all of them, and the
 * audit needs what was sent.
 *
 * @param code the `code` of the error: a word of `ws` or of Node.
 * @returns `undefined` for an error of the network: nothing was sent.
 */
export function closeOfBrokenFrame(code: string): CloseCodeName | undefined {
  if (!code.startsWith('WS_ERR_')) return undefined;
  return CLOSES.get(code) ?? 'PROTOCOL_ERROR';
}
