import {
  type DtoClass,
  isValidatable,
  type NestedShape,
  nestedShapeOf,
  readProperties,
  type RuleMetadata,
} from './dto-metadata.js';
import { messageOf } from './dto-rule.js';
import { type DtoRun, IssuePath } from './dto-run.js';
import { type NestedCheck, PropertyCheck } from './property-check.js';

/**
 * The check of the instances of one class: what `validate()` of class-validator does with `whitelist`,
 * `forbidNonWhitelisted` and `forbidUnknownValues` (MV-03), from metadata that was read once.
 */
export class DtoChecker {
  readonly #names: ReadonlySet<string>;
  readonly #properties: readonly PropertyCheck[];

  constructor(
    readonly type: DtoClass,
    checkers: DtoCheckers,
  ) {
    const properties = readProperties(type);
    this.#names = new Set(properties.map(({ name }) => name));
    this.#properties = properties.map((property) => {
      const shape = nestedShapeOf(type, property);
      const nested = property.nested.map(
        (metadata) => new ClassCheck(metadata, shape, (instance) => checkers.ofInstance(instance)),
      );
      return new PropertyCheck(property, nested);
    });
  }

  /**
   * Checks an instance.
   *
   * @param sent the object whose keys must all be known: the payload, or the instance itself where it was transformed.
   */
  check(instance: object, sent: unknown, run: DtoRun, path: IssuePath | undefined): void {
    if (typeof sent === 'object' && sent !== null) this.#checkNames(sent, run, path);
    const properties = this.#properties;
    for (let index = 0; index < properties.length && !run.isFull; index++) {
      (properties[index] as PropertyCheck).check(instance as Record<string, unknown>, sent, run, path);
    }
  }

  #checkNames(sent: object, run: DtoRun, path: IssuePath | undefined): void {
    // Not Object.keys(), which costs an array for each object.
    for (const name in sent) {
      if (this.#names.has(name) || !Object.hasOwn(sent, name)) continue;
      // The path is that of the object: the name is the client's, and nothing that it made up is sent back.
      const message = run.hasMessages ? `property ${name} should not exist` : undefined;
      run.fail(path, undefined, 'whitelistValidation', message);
      return;
    }
  }
}

/** The checkers of all classes that a payload may consist of, each made when it is first needed. */
export class DtoCheckers {
  readonly #byType = new Map<unknown, DtoChecker | undefined>();

  /** The checker of a class; `undefined` for one that class-validator knows nothing of. */
  of(type: unknown): DtoChecker | undefined {
    const known = this.#byType.get(type);
    if (known !== undefined || this.#byType.has(type)) return known;
    const checker = isValidatable(type) ? new DtoChecker(type, this) : undefined;
    // Only classes are remembered: they come from the application's code, so that the map cannot grow without bound.
    if (typeof type === 'function') this.#byType.set(type, checker);
    return checker;
  }

  /** The checker of an instance's class. */
  ofInstance(instance: object): DtoChecker | undefined {
    return this.of(instance.constructor);
  }
}

const RULE = 'nestedValidation';

class ClassCheck implements NestedCheck {
  constructor(
    private readonly metadata: RuleMetadata,
    private readonly shape: NestedShape,
    private readonly checkerOf: (instance: object) => DtoChecker | undefined,
  ) {}

  check(object: object, value: unknown, sent: unknown, run: DtoRun, path: IssuePath | undefined): void {
    // As in class-validator; whether the property may be missing is for @IsDefined to say.
    if (value === undefined) return;
    const { propertyName } = this.metadata;
    if (this.shape === 'object') {
      this.#checkOne(object, value, sent, run, path, propertyName);
      return;
    }
    const items = itemsOf(value, this.shape);
    if (items === undefined) {
      this.#refuse(object, value, run, path);
      return;
    }
    const sentItems = Array.isArray(sent) ? (sent as readonly unknown[]) : items;
    const below = new IssuePath(path, propertyName);
    for (let index = 0; index < items.length && !run.isFull; index++) {
      const item = items[index];
      if (item !== undefined) this.#checkOne(object, item, sentItems[index], run, below, index);
    }
  }

  #checkOne(
    object: object,
    value: unknown,
    sent: unknown,
    run: DtoRun,
    path: IssuePath | undefined,
    key: string | number,
  ): void {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.#refuse(object, value, run, path, key);
      return;
    }
    const checker = this.checkerOf(value);
    if (checker === undefined) run.fail(path, key, 'unknownValue');
    else checker.check(value, sent, run, new IssuePath(path, key));
  }

  #refuse(
    object: object,
    value: unknown,
    run: DtoRun,
    path: IssuePath | undefined,
    key: string | number = this.metadata.propertyName,
  ): void {
    run.fail(path, key, RULE, run.hasMessages ? messageOf(this.metadata, undefined, object, value) : undefined);
  }
}

function itemsOf(value: unknown, shape: NestedShape): readonly unknown[] | undefined {
  if (shape === 'array') return Array.isArray(value) ? (value as readonly unknown[]) : undefined;
  if (shape === 'set') return value instanceof Set ? [...value] : undefined;
  return value instanceof Map ? [...value.values()] : undefined;
}
