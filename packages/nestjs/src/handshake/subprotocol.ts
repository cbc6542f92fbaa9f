import { HTTP_TOKEN, withoutBlanks } from '../core/http-syntax.js';

/** The most entries of a subprotocol list; a browser page needs three: a protocol, a token and a CSRF token. */
const MAX_SUBPROTOCOLS = 16;

/**
 * Reads a `Sec-WebSocket-Protocol` list (RFC 6455 section 4.1) in linear time, whatever its length (CVE-2021-32640 was
 * quadratic in the number of spaces).
 *
 * @returns `undefined` when an entry is not a token, occurs twice, or there are more than {@link MAX_SUBPROTOCOLS}.
 */
export function parseSubprotocols(header: string): readonly string[] | undefined {
  const parts = header.split(',', MAX_SUBPROTOCOLS + 1);
  if (parts.length > MAX_SUBPROTOCOLS) return undefined;
  const entries: string[] = [];
  for (const part of parts) {
    const entry = withoutBlanks(part);
    if (!HTTP_TOKEN.test(entry) || entries.includes(entry)) return undefined;
    entries.push(entry);
  }
  return entries;
}

/** The answer to a subprotocol list. */
export interface SubprotocolChoice {
  /** Everything that the client offered, tokens included. Never leaves the process. */
  readonly offered: readonly string[];
  /** The one to answer with; `undefined` when the client offered none and plain JSON is spoken. */
  readonly selected: string | undefined;
}

const NOTHING_OFFERED: SubprotocolChoice = Object.freeze({ offered: Object.freeze([]), selected: undefined });

/**
 * Chooses the subprotocol, in the server's order of preference.
 *
 * Only a member of `spoken` can come out, so an entry that carries a token is never echoed.
 *
 * @param spoken what the path speaks, in its order of preference.
 * @returns `undefined` when the list is malformed or has none of them: a client that offers only others must not believe
 * that the server speaks one of them.
 */
export function chooseSubprotocol(
  header: string | undefined,
  spoken: readonly string[],
): SubprotocolChoice | undefined {
  if (header === undefined) return NOTHING_OFFERED;
  const offered = parseSubprotocols(header);
  if (offered === undefined) return undefined;
  const selected = spoken.find((known) => offered.includes(known));
  return selected === undefined ? undefined : { offered, selected };
}
