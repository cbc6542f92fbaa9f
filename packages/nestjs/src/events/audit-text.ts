import { isIPv4, isIPv6 } from 'node:net';
import { addressGroups, plainAddress } from '../core/address-key.js';

/**
 * What ends a line, starts an escape sequence, or shows a text in another order than it has: control characters (CR, LF,
 * ESC, C1), format characters (bidi overrides, zero-width and tag characters) and the separators U+2028 and U+2029.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** What most texts are: the search by Unicode property costs several times as much. */
const PLAIN = /^[\x20-\x7e]*$/;

/** Writes every character that could forge or hide a part of a log line as `\uXXXX` (OWASP ASVS 5.0 16.4.1). */
export function visibleText(text: string): string {
  return PLAIN.test(text) ? text : text.replace(INVISIBLE, escapeUnits);
}

/** The first `maxLength` UTF-16 units of a text, made visible; one that was cut ends in `...`. */
export function excerpt(text: string, maxLength: number): string {
  return visibleText(text.length > maxLength ? `${text.slice(0, maxLength)}...` : text);
}

/** The JSON of a value on a single line, whatever a client put into it. */
export function toLine(value: object): string {
  // JSON escapes CR, LF and ESC by itself, but not U+2028, the C1 controls and bidi overrides. What is left of those stands
  // inside strings, where `\uXXXX` means the same.
  return visibleText(JSON.stringify(value));
}

/** A path without what may carry tokens of clients that know no better place for them (OWASP ASVS 5.0 14.2.1). */
export function withoutQuery(path: string): string {
  const end = path.search(/[?#]/);
  return end === -1 ? path : path.slice(0, end);
}

/** How many groups of an IPv6 address name the network of a customer (RFC 6177): /48. */
const NETWORK_GROUPS = 3;

/** The network of an IP address: the /24 of an IPv4, the /48 of an IPv6 address. Anything else becomes `''`. */
export function truncatedAddress(address: string): string {
  const plain = plainAddress(address);
  if (isIPv4(plain)) return `${plain.slice(0, plain.lastIndexOf('.'))}.0`;
  if (!isIPv6(plain)) return '';
  const network = addressGroups(plain).slice(0, NETWORK_GROUPS);
  return `${network.map((group) => group.toString(16)).join(':')}::`;
}

function escapeUnits(character: string): string {
  let escaped = '';
  for (let index = 0; index < character.length; index++) {
    escaped += `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
  }
  return escaped;
}
