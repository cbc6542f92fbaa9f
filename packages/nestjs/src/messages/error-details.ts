import { getMetadataStorage } from 'class-validator';

/** The most that the details of an application's error may be as JSON, in UTF-16 units. */
const MAX_DETAILS = 4096;

/** How many values details may have: each takes two characters of {@link MAX_DETAILS} at least. */
const MAX_VALUES = MAX_DETAILS / 2;

const MAX_DEPTH = 8;

const UNFIT = Symbol('unfit');

/**
 * What the client gets of the details of a `WsApplicationError`: plain data as it is; of an instance of a class with
 * class-validator decorators the decorated properties. An instance of any other class may be an entity with everything
 * that a row holds: with it, nothing of the details is sent.
 *
 * @returns `undefined` where there are none that may go out. Never throws.
 */
export function detailsOf(details: unknown): unknown {
  try {
    const copy = copyOf(details, 0, { left: MAX_VALUES });
    if (copy === UNFIT || copy === undefined) return undefined;
    return JSON.stringify(copy).length > MAX_DETAILS ? undefined : copy;
  } catch {
    return undefined;
  }
}

/** @param budget how many values may still be looked at: a cyclic graph never runs out of them. */
function copyOf(value: unknown, depth: number, budget: { left: number }): unknown {
  if (--budget.left < 0) return UNFIT;
  if (typeof value === 'bigint' || typeof value === 'function' || typeof value === 'symbol') return UNFIT;
  if (typeof value === 'string' && value.length > MAX_DETAILS) return UNFIT;
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return UNFIT;
  if (value instanceof Date) return value.toJSON();
  const isList = Array.isArray(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = isList || prototype === Object.prototype || prototype === null;
  const names = isPlain ? Object.keys(value) : declaredProperties(value.constructor);
  if (names.length > budget.left || (names.length === 0 && !isPlain)) return UNFIT;
  const copy: object = isList ? [] : {};
  for (const name of names) {
    const member = copyOf((value as Record<string, unknown>)[name], depth + 1, budget);
    if (member === UNFIT) return UNFIT;
    Object.defineProperty(copy, name, { value: member, enumerable: true });
  }
  return copy;
}

function declaredProperties(type: object): readonly string[] {
  const found = getMetadataStorage().getTargetValidationMetadatas(type as never, '', false, false);
  return [...new Set(found.map(({ propertyName }) => propertyName))];
}
