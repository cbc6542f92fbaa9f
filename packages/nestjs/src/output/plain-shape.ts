import { dropPromise } from '../core/give-up.js';
import { type OutputRun } from './output-run.js';
import {
  entriesOf,
  isForbidden,
  isPlainObject,
  located,
  type OutputShape,
  unfit,
  writtenBySelf,
} from './output-shape.js';

/** The keys of a map are data, and so may be those of an object: they stay out of the log. */
function isWordOfCode(name: string): boolean {
  return /^[A-Za-z_$][\w$]{0,63}$/.test(name);
}

/** Finds the shape of a class that exposes something; `undefined` for any other. */
export type ShapeOfClass = (type: unknown) => OutputShape | undefined;

/**
 * Plain data of any form, for a property with `@Allow()`. An instance of a class with `@Expose()` is written as that
 * class says; of any other class, which may be an entity with all that a row holds, nothing goes out.
 */
export class PlainShape implements OutputShape {
  constructor(private readonly shapeOf: ShapeOfClass) {}

  write(value: unknown, run: OutputRun): unknown {
    run.count();
    if (typeof value !== 'object' || value === null) {
      if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') {
        throw unfit('has no JSON', value);
      }
      return value;
    }
    run.enter();
    const written = this.#writeObject(value, run);
    run.leave();
    return written;
  }

  #writeObject(value: object, run: OutputRun): unknown {
    if (Array.isArray(value) || value instanceof Set) {
      const list: unknown[] = [];
      // One by one: what is beyond the limits of the run is not even looked at.
      for (const item of value as Iterable<unknown>) list.push(this.#member(item, list.length, run));
      return list;
    }
    if (value instanceof Map) return this.#writeEntries(value as Map<unknown, unknown>, run, true);
    if (isPlainObject(value)) return this.#writeEntries(entriesOf(value), run);
    const shape = this.shapeOf(value.constructor);
    if (shape !== undefined) return shape.write(value, run);
    const said = writtenBySelf(value);
    if (typeof said === 'string' || typeof said === 'number' || typeof said === 'boolean' || said === null) return said;
    dropPromise(said);
    throw unfit('is of a class that exposes nothing', value);
  }

  #writeEntries(
    entries: Iterable<readonly [unknown, unknown]>,
    run: OutputRun,
    isMap = false,
  ): Record<string, unknown> {
    const written: Record<string, unknown> = {};
    for (const [key, item] of entries) {
      run.leaveOut(key);
      const name = String(key);
      if (isForbidden(name) || item === undefined) {
        run.leaveOut(item);
        run.count();
        continue;
      }
      written[name] = this.#member(item, isMap || !isWordOfCode(name) ? '*' : name, run);
    }
    return written;
  }

  #member(item: unknown, name: string | number, run: OutputRun): unknown {
    try {
      return this.write(item, run);
    } catch (error) {
      throw located(error, name);
    }
  }
}
