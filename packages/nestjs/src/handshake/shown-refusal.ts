import { createHash } from 'node:crypto';
import { CLOSE_CODES, formatCloseReason, SECURE_WS_SUBPROTOCOL } from '@secure-ws/protocol';
import type { HandshakeContext } from './handshake-context.js';
import { closeCodeOf, type HandshakeRefusal } from './handshake-refusal.js';
import { parseSubprotocols } from './subprotocol.js';

/** RFC 6455 section 1.3. */
const ACCEPT_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The hint for codes that ask the client to wait, where the refusal has none of its own. */
const DEFAULT_RETRY_AFTER_MS = 5000;

/**
 * Marks a refusal as one to be shown: browsers hide the HTTP answer of a refused handshake from the page (all it sees is
 * 1006), so a page of an allowed origin that offered `secure-ws.v1` is answered with `101` and an immediate Close frame.
 *
 * Everybody else gets the HTTP answer: a page of another origin must learn nothing, and a client that does not speak the
 * module's protocol would take the `101` for a success.
 */
export function markShown(
  refusal: HandshakeRefusal,
  { origin, head, offeredSubprotocols }: HandshakeContext,
): HandshakeRefusal {
  const close = closeCodeOf(refusal.reason);
  if (close === undefined || origin.kind !== 'allowed' || head.key === undefined) return refusal;
  const offered =
    offeredSubprotocols.length > 0 ? offeredSubprotocols : (parseSubprotocols(head.subprotocols ?? '') ?? []);
  if (!offered.includes(SECURE_WS_SUBPROTOCOL)) return refusal;
  return Object.freeze({ ...refusal, shown: { key: head.key, close } });
}

/**
 * The `101` and the Close frame for a refusal that {@link markShown} marked: everything that is ever written to its socket.
 * Nothing of the request is in it but the hash of its key (RFC 6455 section 4.2.2).
 */
export function shownResponse({
  shown,
  retryAfterMs,
}: HandshakeRefusal & Required<Pick<HandshakeRefusal, 'shown'>>): Buffer {
  const { code, word, advice } = CLOSE_CODES[shown.close];
  const hint = advice === 'after-hint' ? (retryAfterMs ?? DEFAULT_RETRY_AFTER_MS) : undefined;
  const reason = Buffer.from(formatCloseReason(word, hint), 'latin1');
  // RFC 6455 section 5.2: final, opcode 8, no mask; a reason of at most 123 bytes needs no extended length.
  const frame = Buffer.alloc(4);
  frame[0] = 0x88;
  frame[1] = reason.length + 2;
  frame.writeUInt16BE(code, 2);
  const head =
    'HTTP/1.1 101 Switching Protocols\r\n' +
    'Upgrade: websocket\r\n' +
    'Connection: Upgrade\r\n' +
    'Cache-Control: no-store\r\n' +
    `Sec-WebSocket-Accept: ${createHash('sha1')
      .update(shown.key + ACCEPT_SUFFIX)
      .digest('base64')}\r\n` +
    `Sec-WebSocket-Protocol: ${SECURE_WS_SUBPROTOCOL}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), frame, reason]);
}
