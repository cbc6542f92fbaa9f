import type { HarField } from '../har/har-entry.js';

/** What belongs to one connection (RFC 9110, 7.6.1), or is negotiated again for the other one. */
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
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-key',
  'sec-websocket-protocol',
  'sec-websocket-version',
]);

/** Pairs out of the flat list that Node keeps of a request or a response. */
export function pairsOf(rawHeaders: readonly string[]): readonly HarField[] {
  return rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [{ name, value: rawHeaders[index + 1] ?? '' }] : []));
}

/** The fields of a handshake that the other side gets to see: `Origin`, `Cookie`, `Authorization` and the like. */
export function forwardedFields(fields: readonly HarField[]): Record<string, string[]> {
  const forwarded = new Map<string, string[]>();
  for (const { name, value } of fields) {
    const key = name.toLowerCase();
    if (!OWN_FIELDS.has(key)) forwarded.set(key, [...(forwarded.get(key) ?? []), value]);
  }
  return Object.fromEntries(forwarded);
}
