import type { HarField } from '../har/har-entry.js';

/** What belongs to one connection (RFC 9110, 7.6.1), and what the proxy writes by itself. */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'sec-websocket-extensions',
]);

/** Pairs out of the flat list that Node keeps of a request or a response. */
export function pairsOf(rawHeaders: readonly string[]): readonly HarField[] {
  return rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [{ name, value: rawHeaders[index + 1] ?? '' }] : []));
}

/**
 * The fields of a handshake that the other side gets to see, in their order and spelling: `Origin`, `Cookie`, `Authorization`,
 * the key with the answer to it, and the like.
 */
export function forwardedFields(fields: readonly HarField[]): readonly HarField[] {
  return fields.filter(({ name }) => !OWN_FIELDS.has(name.toLowerCase()));
}

/**
 * The fields of an answer that the client gets to see: without cookies, which a browser would keep for `localhost`, and send to
 * whatever else runs there.
 */
export function answeredFields(fields: readonly HarField[]): readonly HarField[] {
  return forwardedFields(fields).filter(({ name }) => name.toLowerCase() !== 'set-cookie');
}
