import { LEAK_RULES, type LeakRule, type LeakRuleId } from './leak-rules.js';

/** Something in a frame that has no place there. */
export interface Leak {
  /** The rule that it breaks: the guide lists them. */
  readonly rule: LeakRuleId;
  /**
   * Where it stands, with dots: `2.data.message` of a list of frames. Empty for a text as a whole. Of more than 32 names the
   * first and the last 16 are there, and of a name the first 64 characters.
   */
  readonly path: string;
  /** The beginning of it: at most 80 characters, of a secret no more than 6. */
  readonly found: string;
}

/** What {@link findLeaks} leaves out. */
export interface FindLeaksOptions {
  /** Rules that do not count here. @default [] */
  readonly except?: readonly LeakRuleId[];
}

/** JSON as a text inside of JSON is read as well, so deep. */
const MAX_TEXT_LEVELS = 4;
const UTF_8 = new TextDecoder('utf-8', { ignoreBOM: true });
const MAX_FOUND = 80;
const MAX_SECRET = 6;
/** A longer name is the text of somebody, and searched as one. */
const MAX_FIELD_NAME = 64;

const RULES: readonly LeakRule[] = LEAK_RULES;

/** A frame may hold hundreds of thousands, each as deep: more are no news. */
const MAX_LEAKS = 1000;
/** Names of a path that are told from either end. */
const MAX_NAMES = 16;

interface Place {
  readonly parent: Place | undefined;
  readonly key: string;
  /** How many names lead here, from 1. */
  readonly depth: number;
  /** The first names that lead here, where there are more than are told. */
  readonly head: string;
}

interface Waiting {
  readonly value: unknown;
  readonly place: Place | undefined;
  /** In how many texts it stands. */
  readonly level: number;
}

/**
 * Searches what a server has sent for what it should keep to itself: stack traces, file paths, errors of the database,
 * addresses inside of the network, tokens, keys, hashes of passwords, fields with secret names.
 *
 * Texts that are JSON are parsed first, so that no escape hides anything. Bytes are read as UTF-8: of MessagePack and CBOR
 * that shows the texts and not which of them are names of fields; hand over the decoded value for those.
 *
 * It ends with the first 1000 findings. It finds what looks like one of its rules. Nothing found is no proof that nothing secret went out: what a client may see
 * of an object is declared by `@WsReply()`.
 *
 * @param frames a frame as it came (text or bytes), a message, a close, a refused handshake, or a list of such.
 * @throws TypeError where there is nothing to search, or `except` names no rule.
 *
 * @example
 * ```ts
 * expect(findLeaks(client.frames)).toEqual([]);
 * ```
 */
export function findLeaks(frames: string | object, { except = [] }: FindLeaksOptions = {}): Leak[] {
  // A search of nothing that a typing error handed over would pass for ever.
  if (typeof frames !== 'string' && (typeof frames !== 'object' || (frames as unknown) === null)) {
    throw new TypeError(
      `findLeaks() searches a frame, a message or a list of them, and got ${typeof frames}: hand over client.frames.`,
    );
  }
  const rules = RULES.filter(({ id }) => !except.includes(id));
  const unknown = except.find((id) => !RULES.some((rule) => rule.id === id));
  if (unknown !== undefined) {
    throw new TypeError(`findLeaks() has no rule "${unknown}"; it has ${RULES.map(({ id }) => id).join(', ')}.`);
  }
  const leaks: Leak[] = [];
  const seen = new Set<object>();
  // No recursion: a frame may be nested as deep as it is long.
  const waiting: Waiting[] = [{ value: frames, place: undefined, level: 0 }];
  for (let next = waiting.pop(); next !== undefined && leaks.length < MAX_LEAKS; next = waiting.pop()) {
    const { value, place, level } = next;
    const text = textOf(value);
    if (text !== undefined) {
      const parsed = level < MAX_TEXT_LEVELS ? parsedOf(text) : undefined;
      if (parsed === undefined) searchText(rules, text, place, leaks);
      else waiting.push({ value: parsed, place, level: level + 1 });
      continue;
    }
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    const entries = entriesOf(value);
    // Backwards, because the last one pushed is read first: findings come in the order of the frames.
    for (let index = entries.length - 1; index >= 0; index--) {
      const [key, item] = entries[index] as readonly [string, unknown];
      waiting.push({ value: item, place: placeIn(place, key), level });
    }
    if (Array.isArray(value)) continue;
    for (const [key, item] of entries) {
      if (leaks.length >= MAX_LEAKS) break;
      searchField(rules, key, item, place, leaks);
    }
  }
  return leaks.slice(0, MAX_LEAKS);
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  const isBytes = ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
  return isBytes ? UTF_8.decode(value as Uint8Array | ArrayBuffer) : undefined;
}

/** What a JSON text says, unless that is a number or less: then the text itself says all of it. */
function parsedOf(text: string): string | object | undefined {
  if (!/^\s*[[{"]/.test(text)) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'string' || (typeof parsed === 'object' && parsed !== null) ? parsed : undefined;
  } catch {
    // No JSON: it is searched as it came.
    return undefined;
  }
}

function entriesOf(value: object): (readonly [string, unknown])[] {
  if (value instanceof Map) return [...value].map(([key, item]) => [String(key), item]);
  return Object.entries(value instanceof Set ? [...value] : value);
}

function searchText(rules: readonly LeakRule[], text: string, place: Place | undefined, leaks: Leak[]): void {
  for (const { id, text: pattern, confirm, isSecret } of rules) {
    if (confirm === undefined) {
      const found = pattern.exec(text)?.[0];
      if (found !== undefined) leaks.push(leakOf(id, place, found, isSecret));
      continue;
    }
    // The first that looks like it may be none, and hide one behind it.
    for (const [found] of text.matchAll(new RegExp(pattern, `${pattern.flags}g`))) {
      if (!confirm(found)) continue;
      leaks.push(leakOf(id, place, found, isSecret));
      break;
    }
  }
}

function searchField(
  rules: readonly LeakRule[],
  key: string,
  value: unknown,
  place: Place | undefined,
  leaks: Leak[],
): void {
  const here = placeIn(place, key);
  searchText(rules, key, here, leaks);
  if (key.length > MAX_FIELD_NAME || !isTelling(value)) return;
  const name = key.toLowerCase().replace(/[\s_-]/g, '');
  for (const { id, field, isSecret } of rules) {
    if (field?.test(name) === true) leaks.push(leakOf(id, here, textOf(value) ?? String(value), isSecret));
  }
}

/** Whether a value can be a secret: `password: true` says that there is one, and `***` hides it. */
function isTelling(value: unknown): boolean {
  const text = typeof value === 'number' ? String(value) : textOf(value);
  return text !== undefined && !/^[*\u2022.\s]*$/.test(text);
}

function leakOf(rule: LeakRuleId, place: Place | undefined, found: string, isSecret: true | undefined): Leak {
  const length = isSecret === true ? MAX_SECRET : MAX_FOUND;
  const start = found.trimStart();
  return { rule, path: pathOf(place), found: start.length > length ? `${start.slice(0, length)}…` : start };
}

function placeIn(parent: Place | undefined, key: string): Place {
  const depth = (parent?.depth ?? 0) + 1;
  const place = { parent, key, depth, head: parent?.head ?? '' };
  return depth === MAX_NAMES ? { ...place, head: namesTo(place, MAX_NAMES) } : place;
}

function pathOf(place: Place | undefined): string {
  if (place === undefined) return '';
  if (place.depth <= 2 * MAX_NAMES) return namesTo(place, place.depth);
  return `${place.head}.….${namesTo(place, MAX_NAMES)}`;
}

/** The last names that lead to a place. */
function namesTo(place: Place, count: number): string {
  const keys: string[] = [];
  for (let at: Place | undefined = place; at !== undefined && keys.length < count; at = at.parent) {
    keys.push(at.key.length > MAX_FIELD_NAME ? `${at.key.slice(0, MAX_FIELD_NAME)}…` : at.key);
  }
  return keys.reverse().join('.');
}
