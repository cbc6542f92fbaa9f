import { isPromiseLike } from '../../core/awaitable.js';
import type { PropertyMetadata, RuleMetadata } from './dto-metadata.js';
import { compileRules, ConstraintRule, type DtoRule, ValueRule } from './dto-rule.js';
import type { DtoRun, IssuePath } from './dto-run.js';

/** The check of a `@ValidateNested()` of the property. */
export interface NestedCheck {
  /**
   * @param value what the instance holds.
   * @param sent what its keys are compared with: the payload's own value, or `value` itself where it was transformed.
   */
  check(object: object, value: unknown, sent: unknown, run: DtoRun, path: IssuePath | undefined): void;
}

type Condition = (object: object, value: unknown) => boolean;

/** The check of one property. It stops at the first rule that fails. */
export class PropertyCheck {
  readonly name: string;
  readonly #isOptional: boolean;
  readonly #isPromise: boolean;
  readonly #conditions: readonly Condition[];
  readonly #values: readonly ValueRule[];
  readonly #constraints: readonly ConstraintRule[];

  constructor(
    metadata: PropertyMetadata,
    private readonly nested: readonly NestedCheck[],
  ) {
    this.name = metadata.name;
    this.#isPromise = metadata.isPromise;
    this.#isOptional = metadata.conditions.some(isOptional);
    this.#conditions = metadata.conditions.filter((condition) => !isOptional(condition)).map(conditionOf);
    const rules = metadata.rules.flatMap(compileRules);
    this.#values = rules.filter((rule) => rule instanceof ValueRule);
    // After the plain ones: a validator that looks something up is not asked about what has the wrong type.
    this.#constraints = rules.filter((rule) => rule instanceof ConstraintRule);
  }

  /** @param sent what the keys of a nested value are compared with; see {@link NestedCheck.check}. */
  check(object: Record<string, unknown>, sent: unknown, run: DtoRun, path: IssuePath | undefined): void {
    const value = object[this.name];
    if (this.#isOptional && (value === undefined || value === null)) return;
    if (this.#conditions.length > 0 && !this.#applies(object, value, run, path)) return;
    const values = this.#values;
    for (let index = 0; index < values.length; index++) {
      const rule = values[index] as ValueRule;
      if (!rule.test(value)) {
        this.#fail(rule, object, value, run, path);
        return;
      }
    }
    if (this.#constraints.length > 0 && !this.#ask(object, value, run, path)) return;
    if (this.#isPromise && isPromiseLike(value)) run.fail(path, this.name, 'promiseValidation');
    if (this.nested.length > 0) this.#checkNested(object, value, sent, run, path);
  }

  #applies(object: object, value: unknown, run: DtoRun, path: IssuePath | undefined): boolean {
    try {
      let applies = true;
      // As in class-validator, every condition is called: one may be there for what it does.
      for (const condition of this.#conditions) if (!condition(object, value)) applies = false;
      return applies;
    } catch (error) {
      run.blame(error);
      run.fail(path, this.name, 'conditionalValidation');
      return false;
    }
  }

  #ask(object: object, value: unknown, run: DtoRun, path: IssuePath | undefined): boolean {
    for (const rule of this.#constraints) {
      let answer: unknown = false;
      try {
        answer = rule.ask(object, value);
      } catch (error) {
        // Not only validators of the application's throw: class-validator's @IsEmail() does, on half a surrogate pair.
        run.blame(error);
      }
      if (isPromiseLike(answer)) {
        run.wait(answer, () => {
          this.#fail(rule, object, value, run, path);
        });
      } else if (!Boolean(answer)) {
        this.#fail(rule, object, value, run, path);
        return false;
      }
    }
    return true;
  }

  #checkNested(object: object, value: unknown, sent: unknown, run: DtoRun, path: IssuePath | undefined): void {
    const below = typeof sent === 'object' && sent !== null ? (sent as Record<string, unknown>)[this.name] : undefined;
    for (const nested of this.nested) nested.check(object, value, below, run, path);
  }

  #fail(rule: DtoRule, object: object, value: unknown, run: DtoRun, path: IssuePath | undefined): void {
    run.fail(path, this.name, rule.name, run.hasMessages ? rule.message(object, value) : undefined);
  }
}

function isOptional({ name }: RuleMetadata): boolean {
  return name === 'isOptional';
}

function conditionOf({ constraints }: RuleMetadata): Condition {
  return constraints?.[0] as Condition;
}
