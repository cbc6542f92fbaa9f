import { readConnectionField } from './connection-field.js';
import { type HandshakeRefusal, refuse } from './handshake-refusal.js';
import type { RequestHead } from './request-head.js';

// 16 bytes in base64 are 22 characters and "=="; the last of them carries two bits, so only four characters are
// canonical there.
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

/**
 * Checks that a request is a WebSocket opening handshake (RFC 6455 section 4.2.1) that no two parsers read differently.
 *
 * @param maxHeaderCount the most header fields a request may have.
 * @param certificateFields lower-case names of further fields that a proxy writes.
 * @returns the refusal (`400`, `405`, `426` or `431`), or `undefined` when the shape is right.
 */
export function checkRequestShape(
  head: RequestHead,
  maxHeaderCount: number,
  certificateFields: readonly string[] = [],
): HandshakeRefusal | undefined {
  // Before anything is read: Node drops the fields past its own limit in silence, and what a proxy appends comes last.
  if (head.headerCount > maxHeaderCount) return refuse('too-many-headers');
  if (head.method !== 'GET') return refuse('method-not-allowed');
  if (head.httpVersion !== '1.1') return refuse('bad-http-version');
  if (head.hasRepeatedField) return refuse('repeated-header');
  // The bytes after the head would be a body to a proxy and frames to us (request smuggling).
  if (head.hasBody) return refuse('unexpected-body');
  // Exactly one token: of "websocket, h2c" a proxy may choose the other one (h2c smuggling).
  if (head.upgrade?.toLowerCase() !== 'websocket') return refuse('bad-upgrade');
  const { asksForUpgrade, stripsProtectedField } = readConnectionField(head.connection, certificateFields);
  if (!asksForUpgrade) return refuse('bad-upgrade');
  // A proxy in between may already have removed what another one wrote.
  if (stripsProtectedField) return refuse('bad-connection');
  // Before the key: RFC 6455 section 4.4 lets a client of another version learn ours. `ws` alone would accept 8, whose
  // Origin travels in a field that nobody checks.
  if (head.version !== '13') return refuse('unsupported-version');
  if (head.key === undefined || !KEY.test(head.key)) return refuse('bad-key');
  return undefined;
}
