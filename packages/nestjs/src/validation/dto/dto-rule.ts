import type { ValidationArguments, ValidatorConstraintInterface } from 'class-validator';
import { isPromiseLike } from '../../core/awaitable.js';
import type { PayloadRun } from '../payload-run.js';
import type { ValueTest } from './built-in-rules.js';
import {
  argumentsOf,
  type Constraint,
  constraintsOf,
  isOpenPattern,
  MAX_PATTERN_TEXT,
  type RuleMetadata,
} from './dto-metadata.js';
import { findValueTest } from './rule-conformance.js';

export abstract class DtoRule {
  /** The name that an issue carries: class-validator's. */
  readonly name: string;

  protected constructor(
    readonly metadata: RuleMetadata,
    protected readonly constraint: Constraint,
  ) {
    this.name = constraint.name === '' ? metadata.type : constraint.name;
  }

  message(object: object, value: unknown): string | undefined {
    return messageOf(this.metadata, this.constraint, object, value);
  }
}

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
  #validator: Pick<ValidatorConstraintInterface, 'validate'> | undefined;
  #isAsync: boolean;

  constructor(
    metadata: RuleMetadata,
    constraint: Constraint,
    private readonly maxText: number,
    test?: ValueTest,
  ) {
    super(metadata, constraint);
    this.#validator = test === undefined ? undefined : { validate: test };
    this.#isAsync = constraint.async;
  }

  /** Whether it answers with promises: it was declared so, or has once. */
  get isAsync(): boolean {
    return this.#isAsync;
  }

  /**
   * Asks the validator; about the items of a list only until one is refused.
   *
   * @returns something truthy for a valid value, or a promise of it.
   * @throws what the validator throws, or RangeError when the payload asks for too many look-ups.
   */
  ask(object: object, value: unknown, run: PayloadRun): unknown {
    const { validateIf, each } = this.metadata;
    if (validateIf !== undefined && !validateIf(object, value)) return true;
    const args = argumentsOf(this.metadata, object, value);
    if (each !== true || !isCollection(value)) return this.#askOne(value, args, run);
    const waiting: Promise<unknown>[] = [];
    for (const item of itemsOf(value)) {
      const answer = this.#askOne(item, args, run);
      if (isPromiseLike(answer)) waiting.push(run.wait(Promise.resolve(answer)));
      else if (!Boolean(answer)) return false;
    }
    return waiting.length === 0 || Promise.all(waiting).then((answers) => answers.every(Boolean));
  }

  #askOne(value: unknown, args: ValidationArguments, run: PayloadRun): unknown {
    if (!fits(value, this.maxText)) return false;
    if (this.#isAsync) run.countLookup();
    // Found at the first use and not at boot: `useContainer()` may be called in between.
    const answer: unknown = (this.#validator ??= this.constraint.instance).validate(value, args);
    this.#isAsync ||= isPromiseLike(answer);
    return answer;
  }
}

/** The rules of one use of a decorator, each in the fastest form that is certain to be right. */
export function compileRules(metadata: RuleMetadata, all: readonly RuleMetadata[]): DtoRule[] {
  const maxText = isOpenPattern(metadata, all) ? MAX_PATTERN_TEXT : Infinity;
  return constraintsOf(metadata).map((constraint) => {
    const found = findValueTest(metadata, constraint);
    const test =
      found === undefined || maxText === Infinity ? found : (value: unknown) => fits(value, maxText) && found(value);
    if (test === undefined || metadata.validateIf !== undefined)
      return new ConstraintRule(metadata, constraint, maxText, test);
    return new ValueRule(metadata, constraint, metadata.each === true ? testEach(test) : test);
  });
}

function fits(value: unknown, maxText: number): boolean {
  return typeof value !== 'string' || value.length <= maxText;
}

/** As in class-validator, `each` on a value that is no collection asks about the value itself; its shape is judged elsewhere. */
function testEach(test: ValueTest): ValueTest {
  return (value) => (isCollection(value) ? itemsOf(value).every((item) => test(item)) : test(value));
}

type Collection = readonly unknown[] | ReadonlySet<unknown> | ReadonlyMap<unknown, unknown>;

export function isCollection(value: unknown): value is Collection {
  return Array.isArray(value) || value instanceof Set || value instanceof Map;
}

function itemsOf(value: Collection): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[];
  return [...(value as ReadonlySet<unknown> | ReadonlyMap<unknown, unknown>).values()];
}

/**
 * The message of a failed rule with its placeholders filled, as class-validator writes it. It may hold the value, so it
 * is for `detailedErrors` only.
 *
 * @returns `undefined` where there is none, or where making it throws.
 */
export function messageOf(
  metadata: RuleMetadata,
  constraint: Constraint | undefined,
  object: object,
  value: unknown,
): string | undefined {
  try {
    const args = argumentsOf(metadata, object, value);
    const { message } = metadata;
    const own: unknown = typeof message === 'function' ? message(args) : message;
    const validator: ValidatorConstraintInterface | undefined = constraint?.instance;
    const template = own === undefined || own === '' ? validator?.defaultMessage?.(args) : own;
    return typeof template === 'string' ? fill(template, args) : undefined;
  } catch {
    return undefined;
  }
}

// The replacements are functions: in a replacement string, a `$&` of the client's would be a pattern.
function fill(template: string, { constraints, value, property, targetName }: ValidationArguments): string {
  const listed: unknown[] = Array.isArray(constraints) ? constraints : [];
  return listed
    .reduce<string>(
      (text, constraint, index) => text.replaceAll(`$constraint${index + 1}`, () => show(constraint)),
      template,
    )
    .replaceAll('$value', (token) => (isPrimitive(value) ? String(value) : token))
    .replaceAll('$property', () => property)
    .replaceAll('$target', () => targetName);
}

function show(constraint: unknown): string {
  if (Array.isArray(constraint)) return constraint.join(', ');
  return typeof constraint === 'symbol' ? (constraint.description ?? '') : String(constraint);
}

function isPrimitive(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
