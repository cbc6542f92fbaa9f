import type { ValidatorConstraintInterface } from 'class-validator';
import { isPromiseLike } from '../../core/awaitable.js';
import type { ValueTest } from './built-in-rules.js';
import { type Constraint, constraintsOf, type RuleMetadata } from './dto-metadata.js';
import { findValueTest } from './rule-conformance.js';
import { argumentsOf, messageOf, ruleName } from './rule-message.js';

/** One rule of one property. */
export abstract class DtoRule {
  /** The name that an issue carries. */
  readonly name: string;

  protected constructor(
    protected readonly metadata: RuleMetadata,
    protected readonly constraint: Constraint,
  ) {
    this.name = ruleName(metadata, constraint);
  }

  /** class-validator's message for a value that failed. */
  message(object: object, value: unknown): string | undefined {
    return messageOf(this.metadata, this.constraint, object, value);
  }
}

/** A rule that is a plain function of the value. */
export class ValueRule extends DtoRule {
  constructor(
    metadata: RuleMetadata,
    constraint: Constraint,
    readonly test: ValueTest,
  ) {
    super(metadata, constraint);
  }
}

/** A rule that class-validator's own or the application's validator decides. */
export class ConstraintRule extends DtoRule {
  #validator: ValidatorConstraintInterface | undefined;

  constructor(metadata: RuleMetadata, constraint: Constraint) {
    super(metadata, constraint);
  }

  /**
   * Asks the validator.
   *
   * @returns something truthy for a valid value, or a promise of it.
   * @throws what the validator throws.
   */
  ask(object: object, value: unknown): unknown {
    const { validateIf, each } = this.metadata;
    if (validateIf !== undefined && !validateIf(object, value)) return true;
    // Found at the first use and not at boot: `useContainer()` may be called in between.
    const validator = (this.#validator ??= this.constraint.instance);
    const args = argumentsOf(this.metadata, object, value);
    if (each !== true || !isCollection(value)) return validator.validate(value, args);
    return askEach(itemsOf(value), (item) => validator.validate(item, args));
  }
}

function askEach(items: readonly unknown[], ask: (item: unknown) => unknown): unknown {
  const waiting: Promise<unknown>[] = [];
  let isValid = true;
  try {
    for (const item of items) {
      const answer = ask(item);
      if (isPromiseLike(answer)) waiting.push(Promise.resolve(answer));
      else if (!Boolean(answer)) isValid = false;
    }
  } catch (error) {
    // Nobody will wait for these any more, and one unhandled rejection ends the process.
    for (const answer of waiting) answer.catch(() => undefined);
    throw error;
  }
  if (waiting.length === 0) return isValid;
  return Promise.all(waiting).then((answers) => isValid && answers.every(Boolean));
}

/** The rules of one use of a decorator, each in the fastest form that is certain to be right. */
export function compileRules(metadata: RuleMetadata): DtoRule[] {
  return constraintsOf(metadata).map((constraint) => {
    const test = metadata.validateIf === undefined ? findValueTest(metadata, constraint) : undefined;
    if (test === undefined) return new ConstraintRule(metadata, constraint);
    return new ValueRule(metadata, constraint, metadata.each === true ? testEach(test) : test);
  });
}

/** As in class-validator, `each` on a value that is no collection asks about the value itself. */
function testEach(test: ValueTest): ValueTest {
  return (value) => (isCollection(value) ? itemsOf(value).every((item) => test(item)) : test(value));
}

type Collection = readonly unknown[] | ReadonlySet<unknown> | ReadonlyMap<unknown, unknown>;

function isCollection(value: unknown): value is Collection {
  return Array.isArray(value) || value instanceof Set || value instanceof Map;
}

function itemsOf(value: Collection): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[];
  return [...(value as ReadonlySet<unknown> | ReadonlyMap<unknown, unknown>).values()];
}
