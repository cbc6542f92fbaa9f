import type { RuleMetadata } from './dto-metadata.js';
import { type DtoRun, IssuePath } from './dto-run.js';
import type { NestedShape } from './nested-shape.js';
import { messageOf } from './rule-message.js';

/** The check of the instances of one class, as {@link NestedCheck} needs it. */
export interface InstanceCheck {
  check(instance: object, sent: unknown, run: DtoRun, path: IssuePath | undefined): void;
}

const RULE = 'nestedValidation';

/** The check of a `@ValidateNested()` property. */
export class NestedCheck {
  constructor(
    private readonly metadata: RuleMetadata,
    private readonly shape: NestedShape,
    private readonly checkerOf: (instance: object) => InstanceCheck | undefined,
  ) {}

  /**
   * @param value what the instance holds.
   * @param sent what its keys are compared with: the payload's own value, or `value` itself where it was transformed.
   */
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
