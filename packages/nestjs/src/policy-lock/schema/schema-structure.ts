import { type PlainValue, plainOf, textOf } from '../plain-value.js';

/** What zod keeps of a schema. */
export interface ZodDef {
  readonly type?: unknown;
  readonly check?: unknown;
  readonly checks?: readonly ZodSchema[];
  readonly [name: string]: unknown;
}

/** A schema or a check of zod, of any of its forms. */
export interface ZodSchema {
  readonly _zod: { readonly def: ZodDef; readonly innerType?: unknown };
}

/** Whether a value is a schema or a check of zod. */
export function isZod(value: unknown): value is ZodSchema {
  const { _zod } = (typeof value === 'object' && value !== null ? value : {}) as Partial<ZodSchema>;
  return typeof _zod?.def === 'object';
}

/** Words for people, and when to stop: they decide nothing. What is an object under such a name is a property of the payload. */
const LEFT_OUT: readonly string[] = ['abort', 'async', 'error', 'expects', 'message', 'reference', 'when'];

/** Those that zod computes whenever it is asked. */
const ASKED: readonly string[] = ['defaultValue', 'catchValue'];

/**
 * What a schema of zod or valibot consists of, where JSON Schema cannot say it: kinds and rules with their arguments.
 * Functions are `computed`.
 */
export function structureOf(value: unknown, around: readonly object[] = []): PlainValue {
  if (typeof value !== 'object' || value === null) return plainOf(value);
  if (around.includes(value)) return 'circular';
  const here = [...around, value];
  if (Array.isArray(value)) return value.map((item: unknown) => structureOf(item, here));
  if (isZod(value)) {
    const { def, innerType } = value._zod;
    return def.type === 'lazy' ? { type: 'lazy', innerType: structureOf(innerType, here) } : partsOf(def, here);
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? partsOf(value, here) : plainOf(value);
}

/** {@link structureOf} of the fields of an object, apart from some. */
export function partsOf(
  value: object,
  around: readonly object[] = [],
  except: readonly string[] = [],
): Readonly<Record<string, PlainValue>> {
  const read = (name: string): unknown => (value as Readonly<Record<string, unknown>>)[name];
  const isLeftOut = (name: string): boolean => LEFT_OUT.includes(name) && typeof read(name) !== 'object';
  const names = Object.keys(value).filter(
    (name) => !name.startsWith('~') && !except.includes(name) && !isLeftOut(name),
  );
  const entries = names.map((name): [string, PlainValue] => [
    name,
    ASKED.includes(name) ? constantOf(() => read(name)) : structureOf(read(name), around),
  ]);
  return Object.fromEntries(entries.filter(([name]) => read(name) !== undefined));
}

/** Half a day on either side: clocks of machines differ, and no default is of the moment by chance. */
const NOW_MS = 43_200_000;

/** What is the same whenever it is asked, and on every machine; `computed` for anything else. */
export function constantOf(ask: () => unknown): PlainValue {
  const [value, other] = [ask(), ask()];
  if (typeof value === 'function') return 'computed';
  const time = value instanceof Date ? value.getTime() : typeof value === 'string' ? Date.parse(value) : value;
  const isOfNow = typeof time === 'number' && Math.abs(time - Date.now()) < NOW_MS;
  return isOfNow || textOf(value) !== textOf(other) ? 'computed' : plainOf(value);
}
