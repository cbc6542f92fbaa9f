import { withoutBlanks } from '../../core/http-syntax.js';

/** The value of a session cookie, or why there is none that could count. */
export type SessionCookie =
  { readonly value: string } | { readonly problem: 'ambiguous' | 'malformed' | 'too-large' } | undefined;

/** RFC 6265 section 6.1: browsers keep at least 4096 bytes of a cookie, and hardly more. */
const MAX_VALUE_LENGTH = 4096;

// RFC 6265 section 4.1.1, without the surrounding quotes that some parsers strip and others keep.
const COOKIE_OCTETS = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+$/;

/**
 * Finds the session cookie in a `Cookie` field. Nothing is decoded and nothing is repaired.
 *
 * Two of the name are refused: a sibling domain or a plaintext page can plant a second one, and which of them counts would
 * be a matter of order (OWASP session cheat sheet; AN-08). A semicolon always separates (RFC 6265 section 5.4), so that
 * quotes cannot hide one cookie in another.
 *
 * @returns `undefined` when there is none; never throws. Linear in the length of the field.
 */
export function readSessionCookie(field: string | undefined, name: string): SessionCookie {
  if (field === undefined) return undefined;
  let found: string | undefined;
  for (const pair of field.split(';')) {
    const equals = pair.indexOf('=');
    const key = withoutBlanks(equals === -1 ? pair : pair.slice(0, equals));
    if (key !== name) continue;
    if (found !== undefined) return { problem: 'ambiguous' };
    found = equals === -1 ? '' : pair.slice(equals + 1);
  }
  if (found === undefined) return undefined;
  const value = withoutBlanks(found);
  if (value.length > MAX_VALUE_LENGTH) return { problem: 'too-large' };
  return COOKIE_OCTETS.test(value) ? { value } : { problem: 'malformed' };
}
