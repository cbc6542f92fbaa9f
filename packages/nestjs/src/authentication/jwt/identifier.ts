import { FORBIDDEN_NAMES } from './strict-json.js';

/** The longest id, role or scope, in UTF-16 units. OpenID Connect Core section 2 allows a `sub` of 255. */
export const MAX_IDENTIFIER_LENGTH = 256;

// Control and format characters and lone surrogates could forge a log line or make two ids look alike to a reader.
const UNFIT = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/**
 * Whether a value can stand for somebody: a string of 1 to 256 characters without control characters, and not a name that
 * reaches a prototype where somebody uses ids as keys of an object.
 */
export function isIdentifier(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.length <= MAX_IDENTIFIER_LENGTH &&
    !UNFIT.test(value) &&
    !FORBIDDEN_NAMES.has(value)
  );
}
