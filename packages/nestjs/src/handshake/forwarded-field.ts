/** One element of a `Forwarded` field: what one proxy says of the request that it got. */
export interface ForwardedElement {
  /** The node that sent it: an address, in brackets if it is IPv6, with an optional port; or an obfuscated name. */
  readonly for: string | undefined;
  /** The protocol that it came by. */
  readonly proto: string | undefined;
}

/** The most elements of a `Forwarded` field; a request crosses a handful of proxies. */
const MAX_ELEMENTS = 32;

// RFC 7239 section 4: token "=" ( token / quoted-string ), then ";", "," or the end. Sticky, and each alternative begins
// with another character: linear. Backslashes in quotes are refused, as no address needs one.
const PAIR = /[ \t]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)=(?:"([^"\\]*)"|([!#$%&'*+\-.^_`|~0-9A-Za-z]+))[ \t]*([;,]|$)/y;

/**
 * Reads a `Forwarded` field (RFC 7239).
 *
 * @returns the elements from left to right; `undefined` for anything malformed. A client may have written the left part of
 * the field, so what cannot be read whole cannot be believed in part.
 */
export function parseForwarded(field: string): readonly ForwardedElement[] | undefined {
  const elements: ForwardedElement[] = [];
  let pairs = new Map<string, string>();
  PAIR.lastIndex = 0;
  for (let end = ';'; end !== '';) {
    const match = PAIR.exec(field);
    const name = match?.[1]?.toLowerCase();
    if (match === null || name === undefined || pairs.has(name)) return undefined;
    pairs.set(name, match[2] ?? match[3] ?? '');
    end = match[4] ?? '';
    if (end === ';') continue;
    if (elements.length === MAX_ELEMENTS) return undefined;
    elements.push({ for: pairs.get('for'), proto: pairs.get('proto') });
    pairs = new Map();
  }
  return elements;
}
