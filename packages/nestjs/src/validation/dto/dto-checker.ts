import { type DtoClass, isValidatable, readProperties } from './dto-metadata.js';
import type { DtoRun, IssuePath } from './dto-run.js';
import { type InstanceCheck, NestedCheck } from './nested-check.js';
import { nestedShapeOf } from './nested-shape.js';
import { PropertyCheck } from './property-check.js';

/**
 * The check of the instances of one class: what `validate()` of class-validator does with `whitelist`,
 * `forbidNonWhitelisted` and `forbidUnknownValues` (MV-03), from metadata that was read once.
 */
export class DtoChecker implements InstanceCheck {
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
        (metadata) => new NestedCheck(metadata, shape, (instance) => checkers.ofInstance(instance)),
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
