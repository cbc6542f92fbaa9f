import { isUtf8 } from 'node:buffer';

/** A JSON object as it was parsed, with nothing known about its members. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Claims nest four deep at most in practice; freezing and comparing them recurses, which this bounds. */
const MAX_DEPTH = 16;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPENING: readonly number[] = [0x7b, 0x5b];
const CLOSING: readonly number[] = [0x7d, 0x5d];

/** Names that reach an object's prototype when somebody copies members one by one (OWASP ASVS 5.0 15.3.6). */
export const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Parses one JSON object of a token strictly: valid UTF-8 without a byte order mark, an object at the top, no member twice
 * at any level (`JSON.parse` takes the last of two, another parser the first: ASVS 5.0 1.5.3), no name that reaches a
 * prototype, at most 16 levels.
 *
 * @returns `undefined` when it is anything else. Never throws.
 */
export function parseStrictJsonObject(bytes: Buffer): JsonObject | undefined {
  try {
    // Decoding would put U+FFFD in place of invalid bytes, and two different ids could become one.
    if (!isUtf8(bytes)) return undefined;
    // Unlike TextDecoder, this keeps a byte order mark in the text, where JSON.parse refuses it.
    const text = bytes.toString('utf8');
    const memberCount = countMembers(text);
    if (memberCount === undefined) return undefined;
    const value: unknown = JSON.parse(text);
    // A member that occurs twice stands twice in the text and once in the value.
    return isJsonObject(value) && countOwnMembers(value) === memberCount ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a value is an object that is neither `null` nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Counts the colons outside strings, one for each member; `undefined` when the nesting is too deep. */
function countMembers(text: string): number | undefined {
  let count = 0;
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (isInString) {
      if (code === BACKSLASH) index += 1;
      else if (code === QUOTE) isInString = false;
    } else if (code === QUOTE) {
      isInString = true;
    } else if (code === COLON) {
      count += 1;
    } else if (OPENING.includes(code)) {
      depth += 1;
      if (depth > MAX_DEPTH) return undefined;
    } else if (CLOSING.includes(code)) {
      depth -= 1;
    }
  }
  return count;
}

/** Counts the members of all levels; NaN, which equals nothing, where a forbidden name occurs. */
function countOwnMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + countOwnMembers(item), 0);
  let count = 0;
  for (const [name, member] of Object.entries(value)) {
    if (FORBIDDEN_NAMES.has(name)) return NaN;
    count += 1 + countOwnMembers(member);
  }
  return count;
}
