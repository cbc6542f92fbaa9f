import { IssuePath, type PayloadReader, type PayloadRun } from '../payload-run.js';
import type { RecordDeclaration } from './record-declaration.js';
import type { NestedCheck } from './property-check.js';

/** Stands for a name in the paths of issues: the client made it up (OD-03). */
const ANY_KEY = '*';

/** The check of a `@RecordOf()` property. It puts a record of checked values in the place of what was sent. */
export class RecordCheck implements NestedCheck {
  #reader: PayloadReader | undefined;

  /**
   * @param readerOf makes the reader of the values at the first payload: a class may hold itself.
   * @param isList whether the property is a list of records.
   */
  constructor(
    private readonly property: string,
    private readonly declaration: RecordDeclaration,
    private readonly isList: boolean,
    private readonly readerOf: (type: unknown) => PayloadReader,
  ) {}

  check(object: object, value: unknown, sent: unknown, run: PayloadRun, path: IssuePath | undefined): void {
    (object as Record<string, unknown>)[this.property] = this.isList
      ? this.#readList(value, sent, run, new IssuePath(path, this.property))
      : this.read(value, sent, run, path, this.property);
  }

  /** @param sent what `value` was made from: its names count, those that a copy has lost included. */
  read(
    value: unknown,
    sent: unknown,
    run: PayloadRun,
    path: IssuePath | undefined,
    key: string | number | undefined,
  ): unknown {
    if (!isRecord(value)) {
      run.fail(path, key, 'isObject');
      return undefined;
    }
    const source = isRecord(sent) ? sent : value;
    const names = Object.keys(source);
    if (names.length > this.declaration.maxKeys) {
      run.fail(path, key, 'maxKeys');
      return undefined;
    }
    const below = new IssuePath(key === undefined ? path : new IssuePath(path, key), ANY_KEY);
    this.#reader ??= this.readerOf(this.declaration.valueType);
    // Without a prototype: what is looked up by a name of the client's is what was sent, or nothing.
    const record = Object.create(null) as Record<string, unknown>;
    for (const name of names) {
      if (run.isFull) break;
      if (!this.declaration.takes(name)) run.fail(below, undefined, 'recordKey');
      // A sanitiser may have changed primitives; objects are read as they were sent, names that a copy has lost included.
      else record[name] = this.#reader.read(isRecord(source[name]) ? source[name] : value[name], run, below);
    }
    return record;
  }

  #readList(value: unknown, sent: unknown, run: PayloadRun, path: IssuePath): unknown {
    if (!Array.isArray(value)) {
      run.fail(path, undefined, 'isArray');
      return undefined;
    }
    const list: unknown[] = [];
    for (let index = 0; index < value.length && !run.isFull; index++) {
      list.push(this.read(value[index], Array.isArray(sent) ? sent[index] : undefined, run, path, index));
    }
    return list;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
