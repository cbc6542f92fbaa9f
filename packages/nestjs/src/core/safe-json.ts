/** How much structure one JSON text may have. The limits bound the work before anything is parsed (MV-06). */
export interface JsonLimits {
  /** How deep objects and arrays may nest; the envelope itself is the first level. */
  readonly maxDepth: number;
  /** How many members one object may have. */
  readonly maxKeys: number;
  /** How many values the text may hold: the root, every member and every element. */
  readonly maxNodes: number;
}

/** Why a text was refused. A fixed vocabulary: nothing of the text itself is ever in it. */
export type JsonRefusalReason =
  'syntax' | 'depth' | 'keys' | 'nodes' | 'forbidden-key' | 'duplicate-key' | 'number' | 'text' | 'type';

/** A text that was refused. */
export interface JsonRefusal {
  readonly ok: false;
  readonly reason: JsonRefusalReason;
}

/** The outcome of {@link decodeJson}. */
export type JsonResult = { readonly ok: true; readonly value: unknown } | JsonRefusal;

const refusal = (reason: JsonRefusalReason): JsonRefusal => Object.freeze({ ok: false, reason });

// Made once: an attacker who only sends refused texts costs no allocation.
const SYNTAX = refusal('syntax');
const DEPTH = refusal('depth');
const KEYS = refusal('keys');
const NODES = refusal('nodes');
const FORBIDDEN_KEY = refusal('forbidden-key');
const DUPLICATE_KEY = refusal('duplicate-key');
const NUMBER = refusal('number');
const TEXT = refusal('text');
const TYPE = refusal('type');

const REFUSALS: Readonly<Record<JsonRefusalReason, JsonRefusal>> = {
  syntax: SYNTAX,
  depth: DEPTH,
  keys: KEYS,
  nodes: NODES,
  'forbidden-key': FORBIDDEN_KEY,
  'duplicate-key': DUPLICATE_KEY,
  number: NUMBER,
  text: TEXT,
  type: TYPE,
};

/** The refusal with a reason. */
export function refuseJson(reason: JsonRefusalReason): JsonRefusal {
  return REFUSALS[reason];
}

/**
 * Parses a JSON text of a client.
 *
 * Refused is what `JSON.parse` refuses (a byte order mark, trailing text, a second document), and furthermore: more structure
 * than the limits allow, the keys `__proto__`, `constructor` and `prototype` at any depth (MV-04), duplicate keys
 * (MV-05; parsers differ on which one wins), numbers too large for a double, which would arrive as `Infinity`, and texts
 * with a null character or half a surrogate pair (MV-10): databases refuse the one, and the other becomes U+FFFD wherever it
 * is written, so that two texts become one. Everything else that is text is for the DTO to judge.
 *
 * Never throws.
 */
export function decodeJson(text: string, limits: JsonLimits): JsonResult {
  const declared = measure(text, limits);
  if (declared < 0) return refusalOf(declared);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The message of a SyntaxError quotes the text.
    return SYNTAX;
  }
  // Raw, the one is no JSON and the other no UTF-8: only an escape brings them in.
  const isEscaped = text.includes('\\u');
  return judge(value, limits, declared, isEscaped);
}

/**
 * Looks at a value that another format than JSON has brought, as {@link decodeJson} looks at its own. The depth has been held
 * before.
 *
 * @param declared how many members were written, with those that a later one of the same name has replaced.
 */
export function inspectDecoded(value: unknown, limits: JsonLimits, declared: number): JsonResult {
  return judge(value, limits, declared, true);
}

function judge(value: unknown, { maxKeys }: JsonLimits, declared: number, isEscaped: boolean): JsonResult {
  if (typeof value === 'object' && value !== null) {
    const found = countMembers(value, maxKeys, isEscaped);
    if (found < 0) return refusalOf(found);
    // A parser keeps the last of two equal keys, so an object with duplicates ends up with fewer than were written.
    if (found !== declared) return DUPLICATE_KEY;
    return { ok: true, value };
  }
  const found = countInside(value, maxKeys, isEscaped);
  return found < 0 ? refusalOf(found) : { ok: true, value };
}

// Both passes answer with a count, or with one of these: no object for a result that is looked at once.
const TOO_DEEP = -1;
const TOO_MANY_KEYS = -2;
const TOO_MANY_NODES = -3;
const HAS_FORBIDDEN_KEY = -4;
const HAS_OVERFLOWN_NUMBER = -5;
const HAS_BROKEN_TEXT = -6;

function refusalOf(code: number): JsonRefusal {
  if (code === TOO_DEEP) return DEPTH;
  if (code === TOO_MANY_KEYS) return KEYS;
  if (code === TOO_MANY_NODES) return NODES;
  if (code === HAS_BROKEN_TEXT) return TEXT;
  return code === HAS_FORBIDDEN_KEY ? FORBIDDEN_KEY : NUMBER;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const SPACE = 0x20;

/**
 * Counts the structure of a raw text, and stops at the first excess: nothing is allocated and nothing recurses before
 * the limits have held. Whether the text is JSON at all is left to the parser.
 *
 * @returns how many members the objects have together, or a negative code.
 */
function measure(text: string, limits: JsonLimits): number {
  const { maxDepth, maxNodes } = limits;
  const end = text.length;
  let depth = 0;
  let nodes = 1;
  let members = 0;
  for (let at = 0; at < end; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at + 1);
        break;
      case COLON:
        members++;
        break;
      case COMMA:
        if (++nodes > maxNodes) return TOO_MANY_NODES;
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET: {
        if (++depth > maxDepth) return TOO_DEEP;
        while (text.charCodeAt(at + 1) <= SPACE) at++;
        const next = text.charCodeAt(at + 1);
        // A comma announces each further value; the first one is announced by what opens its container.
        if (next !== CLOSE_BRACE && next !== CLOSE_BRACKET && ++nodes > maxNodes) return TOO_MANY_NODES;
        break;
      }
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        depth--;
        break;
    }
  }
  return members;
}

/**
 * Finds the quote that ends a string. `indexOf` runs at memory speed: on a chat message of 540 characters this is nine
 * times as fast as a look at each. A run of backslashes is walked once, for the quote right behind it.
 */
function endOfString(text: string, from: number): number {
  for (let quote = text.indexOf('"', from); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let before = quote - 1;
    while (text.charCodeAt(before) === BACKSLASH) before--;
    // An even number of backslashes escape each other.
    if ((quote - before) % 2 === 1) return quote;
  }
  return text.length;
}

/**
 * Counts the members of a parsed value and looks at each key as it was decoded: an escape such as `\u005f` hides a key
 * from a search in the text. The recursion is bounded by `maxDepth`, which {@link measure} has already held.
 *
 * @returns the number of members, or a negative code.
 */
function countMembers(value: object, maxKeys: number, isEscaped: boolean): number {
  let members = 0;
  if (Array.isArray(value)) {
    const items = value as readonly unknown[];
    for (let index = 0; index < items.length; index++) {
      const inner = countInside(items[index], maxKeys, isEscaped);
      if (inner < 0) return inner;
      members += inner;
    }
    return members;
  }
  const record = value as Record<string, unknown>;
  let keys = 0;
  // An enumerable property on a polluted Object.prototype would be counted too, and every text refused: closed.
  for (const key in record) {
    if (++keys > maxKeys) return TOO_MANY_KEYS;
    if (key === '__proto__' || key === 'constructor' || key === 'prototype') return HAS_FORBIDDEN_KEY;
    if (isEscaped && isBroken(key)) return HAS_BROKEN_TEXT;
    const inner = countInside(record[key], maxKeys, isEscaped);
    if (inner < 0) return inner;
    members += inner;
  }
  return members + keys;
}

function countInside(value: unknown, maxKeys: number, isEscaped: boolean): number {
  if (typeof value === 'object') return value === null ? 0 : countMembers(value, maxKeys, isEscaped);
  if (typeof value === 'string') return isEscaped && isBroken(value) ? HAS_BROKEN_TEXT : 0;
  return value === Infinity || value === -Infinity ? HAS_OVERFLOWN_NUMBER : 0;
}

const LONE_SURROGATE = /\p{Cs}/u;

/** Whether a text has a null character or half a surrogate pair (MV-10). */
export function isBroken(text: string): boolean {
  return text.includes('\0') || LONE_SURROGATE.test(text);
}
