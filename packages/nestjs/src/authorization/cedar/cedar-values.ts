import { isBroken } from '../../core/safe-json.js';

/**
 * A value of an attribute or of the context. The schema says what it is: a text may be a `String`, an `ipaddr` or a
 * `datetime`, and `{ type, id }` a reference to an entity. A member that is `undefined` is left out.
 */
export type CedarValue =
  string | number | boolean | readonly CedarValue[] | { readonly [name: string]: CedarValue | undefined };

/** The name of an entity, such as `{ type: 'Photo', id: '42' }`. */
export interface CedarUid {
  readonly type: string;
  readonly id: string;
}

/** An entity with what the policies may read of it. */
export interface CedarEntity extends CedarUid {
  /** @default {} */
  readonly attributes?: Readonly<Record<string, CedarValue | undefined>>;
  /** The groups, roles, folders that it is `in`. @default [] */
  readonly parents?: readonly CedarUid[];
}

/** An entity as the library takes it. */
export interface CedarEntityJson {
  readonly uid: CedarUid;
  readonly attrs: CedarRecord;
  readonly parents: CedarUid[];
}

/** A value as the library takes it. */
export type CedarJson = string | number | boolean | CedarJson[] | CedarRecord;

/** A record as the library takes it. */
export interface CedarRecord {
  [name: string]: CedarJson;
}

/** The library answers an error far deeper, and its stack is not ours to fill. */
const MAX_DEPTH = 32;

/**
 * Copies a record for the library.
 *
 * @throws TypeError for what Cedar has no value for, and for a member `__entity`, `__extn` or `__expr`: to the library those
 * say "this is another entity", and what a client sent may be in there. The text names the place, never the value.
 */
export function toCedarRecord(record: unknown, where: string, depth = 0): CedarRecord {
  if (!isRecord(record) || depth > MAX_DEPTH) throw new TypeError(`${where} is no record that Cedar can take.`);
  const copy: CedarRecord = {};
  for (const [name, value] of Object.entries(record)) {
    if (name.startsWith('__')) throw new TypeError(`${where} has a member whose name begins with two underscores.`);
    if (value !== undefined) copy[name] = toCedarJson(value, `${where}.${name}`, depth + 1);
  }
  return copy;
}

function toCedarJson(value: unknown, where: string, depth: number): CedarJson {
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isSafeInteger(value))) return value;
  if (typeof value === 'string') return text(value, where);
  if (!Array.isArray(value)) return toCedarRecord(value, where, depth);
  if (depth > MAX_DEPTH) throw new TypeError(`${where} is nested too deep.`);
  // Array.from sees the holes of a list, which map() would pass over.
  return Array.from(value as unknown[], (item, index) => toCedarJson(item, `${where}[${index}]`, depth + 1));
}

/** Reads the name of an entity. @throws TypeError where it is none. */
export function toCedarUid(uid: unknown, where: string): CedarUid {
  const { type, id } = (isRecord(uid) ? uid : {}) as Partial<Record<keyof CedarUid, unknown>>;
  if (typeof type !== 'string' || type === '' || typeof id !== 'string' || id === '') {
    throw new TypeError(`${where} is no entity: it needs a type and an id, two texts that are not empty.`);
  }
  return { type: text(type, where), id: text(id, where) };
}

/** Reads an entity. @throws TypeError where it is none. */
export function toCedarEntity(entity: unknown, where: string): CedarEntityJson {
  const uid = toCedarUid(entity, where);
  const { attributes = {}, parents = [] } = entity as { readonly attributes?: unknown; readonly parents?: unknown };
  if (!Array.isArray(parents)) throw new TypeError(`${where}.parents must be a list.`);
  return {
    uid,
    attrs: toCedarRecord(attributes, `${where}.attributes`),
    parents: Array.from(parents as unknown[], (parent, index) => toCedarUid(parent, `${where}.parents[${index}]`)),
  };
}

/** Half of a surrogate pair is no text to the library. */
function text(value: string, where: string): string {
  if (isBroken(value)) throw new TypeError(`${where} is no well-formed text.`);
  return value;
}

/** A Date, a Map or an entity of the application would lose what it is. */
function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
