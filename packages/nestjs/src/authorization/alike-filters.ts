import { isDeepStrictEqual, types } from 'node:util';

/** What these are made of is all compared: nobody else's class is among them, and none of them hides anything. */
const BUILT_IN: ReadonlySet<unknown> = new Set(
  [Date, RegExp, Buffer, Uint8Array].map(({ prototype }) => prototype as unknown),
);

const PLAIN: ReadonlySet<unknown> = new Set([Object.prototype, Array.prototype, null]);

/** How many levels are looked at: nobody writes so many, and the stack has an end. */
const MAX_DEPTH = 500;

/**
 * Whether two row filters say the same, as far as anybody can tell: plain objects, lists, primitives, dates, regular
 * expressions and bytes by what they hold, and instances of other classes by their own `equals()`. The parts of a query
 * builder keep what they say in private fields, closures or behind a proxy, where two of them look the same whatever they
 * say: without an `equals()` such a one is alike to itself only, and so is a function.
 */
export function areAlikeFilters(before: unknown, after: unknown): boolean {
  return isAlike(before, after, new Map(), 0);
}

/** @param seen what was compared with what already, or is being compared: a filter may hold itself. */
function isAlike(before: unknown, after: unknown, seen: Map<object, Set<object>>, depth: number): boolean {
  if (Object.is(before, after)) return true;
  if (depth > MAX_DEPTH || !isObject(before) || !isObject(after) || types.isProxy(before) || types.isProxy(after))
    return false;
  const prototype: unknown = Object.getPrototypeOf(before);
  if (prototype !== Object.getPrototypeOf(after)) return false;
  if (BUILT_IN.has(prototype)) return isDeepStrictEqual(before, after);
  if (!PLAIN.has(prototype)) return saysEqual(before, after);
  const partners = seen.get(before) ?? new Set();
  if (partners.has(after)) return true;
  seen.set(before, partners.add(after));
  const keys = Reflect.ownKeys(before);
  return (
    keys.length === Reflect.ownKeys(after).length &&
    keys.every(
      (key) => Object.hasOwn(after, key) && isAlike(Reflect.get(before, key), Reflect.get(after, key), seen, depth + 1),
    )
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** As `ObjectId` of MongoDB, decimals and dates of other libraries have it. Only `true` counts: a builder answers itself. */
function saysEqual(before: object, after: object): boolean {
  const equals: unknown = Reflect.get(before, 'equals');
  return typeof equals === 'function' && Reflect.apply(equals, before, [after]) === true;
}
