import { isDeepStrictEqual } from 'node:util';
import {
  type Discriminator,
  type DtoSelection,
  hasTransform,
  isOutsideOf,
  sentNamesOf,
  typeMetadataOf,
} from '../../nest/transformer-storage.js';
import { IssuePath, type PayloadReader, type PayloadRun } from '../payload-run.js';
import { DtoBuilder } from './dto-builder.js';
import { closedNamesOf, type DtoClass, isValidatable, type PropertyMetadata, readProperties } from './dto-metadata.js';
import { messageOf } from './dto-rule.js';
import { openHoldersOf } from './input-roles.js';
import { type NestedCheck, PropertyCheck } from './property-check.js';
import { RecordCheck } from './record-check.js';

/**
 * The check of the instances of one class: what `validate()` of class-validator does with `whitelist`,
 * `forbidNonWhitelisted` and `forbidUnknownValues` (MV-03), from metadata that was read once.
 */
export class DtoChecker {
  readonly #isAssigned: boolean;
  readonly #sentNames: ReadonlyMap<string, string>;
  readonly #ownNames: ReadonlySet<string>;
  readonly #otherNames: ReadonlySet<string>;
  readonly #closed: ReadonlyMap<string, unknown>;
  readonly #properties: readonly PropertyCheck[];

  constructor(type: DtoClass, checkers: DtoCheckers) {
    const { selection } = checkers;
    const [open] = selection.inputRoles === undefined ? [] : openHoldersOf(type);
    // The boot has refused it in every class that it can see; the instances of this one a @Transform has made.
    if (open !== undefined) throw new TypeError(`${type.name}.${open[0]} is not always validated (@WsInputRoles).`);
    const properties = readProperties(type, selection);
    const names = properties.map(({ name }) => name);
    this.#isAssigned = DtoBuilder.compile(type, selection) !== undefined;
    // What is closed to the sender has its default, if that: a payload that names it is refused by what was sent.
    this.#closed = closedDefaultsOf(type, selection);
    this.#ownNames = new Set([...names, ...this.#closed.keys()]);
    // A field of a class is a property of each instance, whatever the groups: those of others must have no value.
    this.#otherNames = new Set(readProperties(type).map(({ name }) => name));
    this.#sentNames = sentNamesOf(type, names, selection);
    const sentNameOf = new Map([...this.#sentNames].map(([sent, name]) => [name, sent]));
    const judged = properties.filter(({ name }) => !isOutsideOf(type, name, selection));
    this.#properties = judged.map((property) => {
      const { name } = property;
      const nested = nestedCheckOf(type, property, checkers);
      // What a @Transform makes of a value need not be like what was sent.
      const sentName = hasTransform(type, name, selection) ? undefined : sentNameOf.get(name);
      return new PropertyCheck(property, nested, sentName);
    });
  }

  /**
   * Checks an instance.
   *
   * @param sent what the instance was made from, `undefined` where that is not known: all its names must be known.
   * @param discriminator one more name that is known.
   */
  check(instance: object, sent: unknown, run: PayloadRun, path: IssuePath | undefined, discriminator?: string): void {
    const isKnown = typeof sent === 'object' && sent !== null;
    const passed = isKnown
      ? knows(this.#sentNames, sent, run, path, discriminator)
      : this.#isClosed(instance, run, path);
    // class-transformer and the constructors of the class may have put more there.
    if (passed && !(isKnown && this.#isAssigned)) {
      knows(this.#ownNames, instance, run, path, undefined, this.#otherNames);
    }
    const properties = this.#properties;
    for (let index = 0; index < properties.length && !run.isFull; index++) {
      (properties[index] as PropertyCheck).check(instance as Record<string, unknown>, sent, run, path);
    }
  }

  /** What a `@Transform` made of a payload may hold what the sender has named: then it is not as the class leaves it. */
  #isClosed(instance: object, run: PayloadRun, path: IssuePath | undefined): boolean {
    for (const [name, usual] of this.#closed) {
      const value = (instance as Record<string, unknown>)[name];
      if (value !== undefined && !isDeepStrictEqual(value, usual)) return unknownName(name, run, path);
    }
    return true;
  }
}

/** The properties that are closed to the sender, each with the value that a new instance has. */
function closedDefaultsOf(type: DtoClass, selection: DtoSelection): ReadonlyMap<string, unknown> {
  const names = closedNamesOf(type, selection);
  if (names.length === 0) return new Map();
  const usual = new type() as Readonly<Record<string, unknown>>;
  return new Map(names.map((name) => [name, usual[name]]));
}

function nestedCheckOf(type: DtoClass, property: PropertyMetadata, checkers: DtoCheckers): NestedCheck | undefined {
  const { name, nested, record, isRecordList } = property;
  if (record !== undefined) return new RecordCheck(name, record, isRecordList, checkers.readerOf);
  return nested.length === 0 ? undefined : new ClassCheck(type, property, checkers);
}

/** @param empty names that may be there without a value. */
function knows(
  names: { has(name: string): boolean },
  object: object,
  run: PayloadRun,
  path: IssuePath | undefined,
  besides?: string,
  empty?: ReadonlySet<string>,
): boolean {
  // Not Object.keys(), which costs an array for each object.
  for (const name in object) {
    if (names.has(name) || name === besides || !Object.hasOwn(object, name)) continue;
    if (empty?.has(name) === true && (object as Record<string, unknown>)[name] === undefined) continue;
    return unknownName(name, run, path);
  }
  return true;
}

/** The name is the client's, and nothing that it made up is sent back (OD-03). */
function unknownName(name: string, run: PayloadRun, path: IssuePath | undefined): false {
  run.fail(path, '*', 'whitelistValidation', run.hasMessages ? `property ${name} should not exist` : undefined);
  return false;
}

/** The checkers of all classes that a payload may consist of, each made when it is first needed. */
export class DtoCheckers {
  readonly #byType = new Map<unknown, DtoChecker | undefined>();

  /** @param readerOf makes the reader of a class that stands by itself: the value of a record. */
  constructor(
    readonly selection: DtoSelection,
    readonly readerOf: (type: unknown) => PayloadReader,
  ) {}

  /** The checker of a class; `undefined` for one that class-validator knows nothing of. */
  of(type: unknown): DtoChecker | undefined {
    const known = this.#byType.get(type);
    if (known !== undefined || this.#byType.has(type)) return known;
    const checker = isValidatable(type, this.selection) ? new DtoChecker(type, this) : undefined;
    // Only classes are remembered: they come from the application's code, so that the map cannot grow without bound.
    if (typeof type === 'function') this.#byType.set(type, checker);
    return checker;
  }
}

const RULE = 'nestedValidation';

/** The check of a `@ValidateNested()` property. */
class ClassCheck implements NestedCheck {
  readonly #discriminator: Discriminator | undefined;
  readonly #droppedName: string | undefined;

  constructor(
    type: DtoClass,
    private readonly property: PropertyMetadata,
    private readonly checkers: DtoCheckers,
  ) {
    const options = typeMetadataOf(type, property.name)?.options;
    this.#discriminator = options?.discriminator;
    // One that is kept is a property like others, and needs a decorator.
    this.#droppedName = options?.keepDiscriminatorProperty === true ? undefined : options?.discriminator?.property;
  }

  check(object: object, value: unknown, sent: unknown, run: PayloadRun, path: IssuePath | undefined): void {
    // As in class-validator; whether the property may be missing is for @IsDefined to say.
    if (value === undefined) return;
    const { name, shape } = this.property;
    if (shape === 'object') {
      this.#checkOne(object, value, sent, run, path, name);
      return;
    }
    const items = itemsOf(value, shape);
    if (items === undefined) {
      this.#refuse(object, value, run, path, name);
      return;
    }
    const sentItems = itemsSent(sent);
    const below = new IssuePath(path, name);
    for (let index = 0; index < items.length && !run.isFull; index++) {
      const item = items[index];
      if (item !== undefined) this.#checkOne(object, item, sentItems[index], run, below, index);
    }
  }

  #checkOne(
    object: object,
    value: unknown,
    sent: unknown,
    run: PayloadRun,
    path: IssuePath | undefined,
    key: string | number,
  ): void {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !this.#isNamed(value, sent)) {
      this.#refuse(object, value, run, path, key);
      return;
    }
    const checker = this.checkers.of(value.constructor);
    if (checker === undefined) run.fail(path, key, 'unknownValue');
    else checker.check(value, sent, run, new IssuePath(path, key), this.#droppedName);
  }

  /** MV-15: class-transformer makes a base instance for a discriminator that is on no list. */
  #isNamed(value: object, sent: unknown): boolean {
    if (this.#discriminator === undefined) return true;
    const { property, subTypes } = this.#discriminator;
    const named = typeof sent === 'object' && sent !== null ? (sent as Record<string, unknown>)[property] : undefined;
    return subTypes.some(
      (subType) => subType.value === value.constructor && (sent === undefined || subType.name === named),
    );
  }

  #refuse(object: object, value: unknown, run: PayloadRun, path: IssuePath | undefined, key: string | number): void {
    const [metadata] = this.property.nested;
    const isTold = run.hasMessages && metadata !== undefined;
    run.fail(path, key, RULE, isTold ? messageOf(metadata, undefined, object, value) : undefined);
  }
}

function itemsOf(value: unknown, shape: PropertyMetadata['shape']): readonly unknown[] | undefined {
  if (shape === 'array') return Array.isArray(value) ? (value as readonly unknown[]) : undefined;
  if (shape === 'set') return value instanceof Set ? [...value] : undefined;
  return value instanceof Map ? [...value.values()] : undefined;
}

/** class-transformer makes arrays and sets from arrays, and maps from the members of objects that no map has itself. */
function itemsSent(sent: unknown): readonly unknown[] {
  if (Array.isArray(sent)) return sent as readonly unknown[];
  if (typeof sent !== 'object' || sent === null) return [];
  return Object.keys(sent).flatMap((key) => (key in Map.prototype ? [] : [(sent as Record<string, unknown>)[key]]));
}
