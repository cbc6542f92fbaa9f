import { dropPromise, giveUp } from '../core/give-up.js';
import { validatorOf } from '../core/schema-validator.js';
import type { StandardSchema } from '../core/standard-schema.js';

import { type OutputRun, UnfitOutputError } from './output-run.js';

/** What a value that goes out must be. Compiled once. */
export interface OutputShape {
  /**
   * Writes a value as plain data: objects, lists, texts, numbers, booleans and `null`.
   *
   * @returns `undefined` for `undefined`, which has no JSON.
   * @throws {UnfitOutputError} for a value of another kind; whatever accessors and transformations of the application throw.
   */
  write(value: unknown, run: OutputRun): unknown;
}

export type ScalarName = 'string' | 'number' | 'boolean';

/** One text, number or boolean. */
export class ScalarShape implements OutputShape {
  constructor(
    readonly type: ScalarName,
    /** What `@Type(() => String)` and its like ask for. */
    private readonly convert?: (value: unknown) => unknown,
  ) {}

  write(given: unknown): unknown {
    if (typeof given === this.type || given === null || given === undefined) return given;
    // What says itself how it is written, such as an ObjectId or a Decimal.
    const value = writtenBySelf(given);
    if (typeof value === this.type) return value;
    if (this.convert !== undefined && isScalar(value)) return this.convert(value);
    if (value !== given) dropPromise(value);
    throw unfit(`is declared as ${this.type}`, given);
  }
}

/** A moment, sent as ISO 8601 in UTC. */
export class DateShape implements OutputShape {
  constructor(private readonly converts: boolean) {}

  write(value: unknown): unknown {
    if (value === null || value === undefined) return value;
    if (value instanceof Date) return value.toJSON();
    if (this.converts && (typeof value === 'string' || typeof value === 'number')) return new Date(value).toJSON();
    throw unfit('is declared as Date', value);
  }
}

/** The bytes of a `Buffer`, in the JSON form that Node gives them. */
export class BufferShape implements OutputShape {
  write(value: unknown): unknown {
    if (value === null || value === undefined) return value;
    if (Buffer.isBuffer(value)) return value.toJSON();
    throw unfit('is declared as Buffer', value);
  }
}

export type Container = 'one' | 'list' | 'map' | 'any';

/** One item, a list or a map of them. */
export class ContainerShape implements OutputShape {
  constructor(
    readonly container: Container,
    readonly item: OutputShape,
    /** Whether a list may hold lists of the same items: `Item[][]` looks like `Item[]` in TypeScript's metadata. */
    private readonly nests: boolean,
    /** Told of each item and what was written of it. */
    private readonly look?: (item: unknown, written: unknown, run: OutputRun) => void,
  ) {}

  write(value: unknown, run: OutputRun): unknown {
    if (value === null || value === undefined) return value;
    const { container } = this;
    if (Array.isArray(value) || value instanceof Set) {
      if (container === 'list' || container === 'any') return this.#writeList(value as Iterable<unknown>, run);
    } else if (value instanceof Map || container === 'map') {
      if (container === 'map' || container === 'any') return this.#writeMap(value, run);
    } else if (container !== 'list') {
      return this.#writeSeen(value, run);
    }
    throw unfit(`is declared as ${container === 'one' ? 'one value' : `a ${container}`}`, value);
  }

  // One by one: what is beyond the limits of the run is not even looked at.
  #writeList(items: Iterable<unknown>, run: OutputRun): unknown[] {
    run.enter();
    const list: unknown[] = [];
    try {
      for (const item of items) {
        const isList = this.nests && Array.isArray(item);
        list.push(isList ? this.#writeList(item as readonly unknown[], run) : this.#writeItem(item, run));
      }
    } catch (error) {
      // A list that an accessor made hangs on nothing that was handed in.
      giveUp(items);
      throw located(error, list.length);
    }
    run.leave();
    return list;
  }

  #writeMap(value: unknown, run: OutputRun): Record<string, unknown> {
    // OD-04: in place of a Map a plain object may stand. Of an entity everything would go out under its own names.
    if (!(value instanceof Map) && !isPlainObject(value)) throw unfit('is declared as a Map', value);
    run.enter();
    const entries = value instanceof Map ? (value as Map<unknown, unknown>) : entriesOf(value as object);
    const written: Record<string, unknown> = {};
    for (const [key, item] of entries) {
      if (typeof key !== 'string' && typeof key !== 'number') throw unfit('has keys that are no texts', key);
      if (isForbidden(String(key))) {
        run.leaveOut(item);
        continue;
      }
      try {
        written[key] = this.#writeItem(item, run);
      } catch (error) {
        // The keys of a map are data.
        throw located(error, '*');
      }
    }
    run.leave();
    return written;
  }

  #writeItem(item: unknown, run: OutputRun): unknown {
    run.count();
    return this.#writeSeen(item, run);
  }

  #writeSeen(item: unknown, run: OutputRun): unknown {
    const written = this.item.write(item, run);
    this.look?.(item, written, run);
    return written;
  }
}

/** What a Standard Schema makes of a value: which fields it lets through is for the schema to say. */
export class SchemaShape implements OutputShape {
  readonly #validate: (value: unknown) => unknown;

  constructor(readonly schema: StandardSchema) {
    this.#validate = validatorOf(schema);
  }

  write(value: unknown, run: OutputRun): unknown {
    if (value === null || value === undefined) return value;
    const result = this.#validate(value);
    if (dropPromise(result)) {
      throw new UnfitOutputError('has a schema that is asynchronous', 'take one that answers at once');
    }
    if (typeof result !== 'object' || result === null || !('value' in result) || hasIssues(result)) {
      throw new UnfitOutputError('breaks its schema');
    }
    if (result.value !== value) run.leaveOut(value);
    return result.value;
  }
}

function hasIssues(result: object): boolean {
  return 'issues' in result && result.issues !== undefined;
}

/** What nothing fits but nothing: the reply of a handler that declares none, where all must. */
export class NothingShape implements OutputShape {
  write(value: unknown): unknown {
    if (value === null || value === undefined) return value;
    throw new UnfitOutputError(
      'is not declared, and output.undeclaredReplies is on',
      'add @WsReply(TheDto) to the handler, or { as: TheDto } to what is sent',
    );
  }
}

/** An error with the name of the member that it is about. */
export function located(error: unknown, member: string | number): unknown {
  if (error instanceof UnfitOutputError) error.path.unshift(String(member));
  return error;
}

/** Names that would change an object instead of being in it; class-transformer leaves them out as well. */
export function isForbidden(name: string): boolean {
  return name === '__proto__' || name === 'constructor';
}

/** One at a time: the entries of an object with a hundred thousand members are a copy of it. */
export function* entriesOf(value: object): Iterable<readonly [string, unknown]> {
  for (const name in value) {
    if (Object.hasOwn(value, name)) yield [name, (value as Readonly<Record<string, unknown>>)[name]];
  }
}

/** Whether a value is an object of no class. */
export function isPlainObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isScalar(value: unknown): boolean {
  return ['string', 'number', 'boolean', 'bigint'].includes(typeof value);
}

/** What an object's `toJSON` answers; any other value as it is. */
export function writtenBySelf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { toJSON } = value as { readonly toJSON?: unknown };
  return typeof toJSON === 'function' ? (toJSON.call(value) as unknown) : value;
}

/** Says what a value is, and nothing of what it holds: the log is no place for it either. */
export function unfit(problem: string, value: unknown): UnfitOutputError {
  if (dropPromise(value)) return new UnfitOutputError(`${problem}, and is a promise`, 'await it before it is returned');
  return new UnfitOutputError(`${problem}, and is ${kindOf(value)}`);
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value !== 'object' || value === null) return `a ${typeof value}`;
  const { name } = (value.constructor ?? {}) as { readonly name?: unknown };
  return typeof name === 'string' && /^[A-Za-z_$][\w$]{0,63}$/.test(name) ? `an object of ${name}` : 'an object';
}
