/** What JSON can say. */
export type PlainValue =
  null | boolean | number | string | readonly PlainValue[] | { readonly [name: string]: PlainValue };

/**
 * Says what a value is in the words of JSON, the same on every machine: numbers beyond all bounds as `unlimited`, dates,
 * patterns and bigints as text, a Set as a list and a Map as one of pairs, what is computed (also the moment of the start)
 * as `computed`, an instance by the name of its class, and what lies in itself as `circular`. However deep it goes: what is
 * cut off could change unseen.
 */
export function plainOf(value: unknown, around: readonly object[] = []): PlainValue {
  if (value === null || value === undefined) return null;
  if (value === Infinity) return 'unlimited';
  if (value === -Infinity) return '-unlimited';
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string') {
    return Number.isNaN(value) ? 'NaN' : value;
  }
  if (typeof value === 'function') return isClass(value) ? value.name : 'computed';
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'symbol') return String(value);
  if (value instanceof RegExp) return String(value);
  if (value instanceof Date) return textOfDate(value);
  if (around.includes(value)) return 'circular';
  const here = [...around, value];
  if (Array.isArray(value)) return value.map((item: unknown) => plainOf(item, here));
  if (value instanceof Map) return [...value].map((pair) => plainOf(pair, here)).sort(byText);
  if (value instanceof Set) return [...value].map((item) => plainOf(item, here)).sort(byText);
  const prototype = Object.getPrototypeOf(value) as { readonly constructor: { readonly name: string } } | null;
  if (prototype !== null && prototype !== Object.prototype) return prototype.constructor.name;
  const known = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(known.map(([name, item]) => [name, plainOf(item, here)]));
}

/** The clock of the machine may be set meanwhile, by a little. */
const CLOCK_MS = 60_000;

/** The moment at which a process began is another one at every start. A written one lies between the two by chance only. */
function textOfDate(date: Date): string {
  const time = date.getTime();
  if (Number.isNaN(time)) return 'Date NaN';
  const isOfThisProcess = time > performance.timeOrigin - CLOCK_MS && time < Date.now() + CLOCK_MS;
  return isOfThisProcess ? 'computed' : `Date ${date.toISOString()}`;
}

/** Puts the names of every object in order, whatever order they were written in. */
export function sorted(value: PlainValue): PlainValue {
  if (Array.isArray(value)) return (value as readonly PlainValue[]).map(sorted);
  if (!isRecord(value)) return value;
  const names = Object.keys(value).sort(compareText);
  // Of entries, not by assignment: a property may be called __proto__.
  return Object.fromEntries(names.map((name) => [name, sorted(value[name] as PlainValue)]));
}

/** The one text that a value has, to compare it by. */
export function textOf(value: unknown): string {
  return JSON.stringify(sorted(plainOf(value)));
}

/** What a value says otherwise than another one; `{}` where they agree. */
export function differenceOf(value: PlainValue, usual: PlainValue): PlainValue {
  if (!isRecord(value) || !isRecord(usual)) return value;
  const entries = Object.entries(value).filter(([name, item]) => textOf(item) !== textOf(fieldOf(usual, name)));
  return Object.fromEntries(entries.map(([name, item]) => [name, differenceOf(item, fieldOf(usual, name))]));
}

/** A field of a value, `null` for one that it has not itself. */
export function fieldOf(value: PlainValue, name: string): PlainValue {
  return isRecord(value) && Object.hasOwn(value, name) ? (value[name] as PlainValue) : null;
}

/** Whether a value has names. */
export function isRecord(value: PlainValue): value is { readonly [name: string]: PlainValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The order of code units: that of a language would depend on the machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** {@link compareText} of {@link textOf}. */
export function byText(a: unknown, b: unknown): number {
  return compareText(textOf(a), textOf(b));
}

function isClass(value: object): value is abstract new (...args: never[]) => object {
  const source = Function.prototype.toString.call(value);
  // Date, Map and the like; a method of the language has no prototype.
  return /^class\b/.test(source) || (/\[native code\]/.test(source) && Object.hasOwn(value, 'prototype'));
}

/** What a value says apart from some of its fields. */
export function without(value: object, ...names: readonly string[]): PlainValue {
  return Object.fromEntries(Object.entries(plainOf(value) as object).filter(([name]) => !names.includes(name)));
}
