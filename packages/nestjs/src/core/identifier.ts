import { randomFillSync } from 'node:crypto';

/** The longest id, role or scope, in UTF-16 units. OpenID Connect Core section 2 allows a `sub` of 255. */
const MAX_IDENTIFIER_LENGTH = 256;

// Control and format characters and lone surrogates could forge a log line or make two ids look alike to a reader.
// The search by Unicode property costs several times as much as that for what most identifiers are.
const PLAIN = /^[\x20-\x7e]+$/;
const UNFIT = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Names that reach an object's prototype where somebody uses ids as keys (OWASP ASVS 5.0 15.3.6). */
const REACHES_A_PROTOTYPE: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Whether a value can stand for somebody: a string of 1 to 256 characters without control characters, and not a name that
 * reaches a prototype where somebody uses ids as keys of an object.
 */
export function isIdentifier(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.length <= MAX_IDENTIFIER_LENGTH &&
    (PLAIN.test(value) || !UNFIT.test(value)) &&
    !REACHES_A_PROTOTYPE.has(value)
  );
}

const ID_BYTES = 16;

/** Drawn for many ids at once, as Node does for its UUIDs: drawing costs 20 us, however little is drawn. */
const drawn = Buffer.alloc(128 * ID_BYTES);
let used = drawn.length;

/** A new id of 128 random bits in base64url (OWASP ASVS 5.0 11.5.1: UUIDs do not count as 128-bit random). */
export function randomId(): string {
  if (used === drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  return drawn.toString('base64url', used, (used += ID_BYTES));
}
