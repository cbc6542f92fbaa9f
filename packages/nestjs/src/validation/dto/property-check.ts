import { isPromiseLike } from '../../core/awaitable.js';
import type { IssuePath, PayloadRun } from '../payload-run.js';
import type { PropertyMetadata, PropertyShape, RuleMetadata } from './dto-metadata.js';
import { compileRules, ConstraintRule, type DtoRule, isCollection, ValueRule } from './dto-rule.js';

/** The check of the objects below a property. */
export interface NestedCheck {
  /**
   * @param value what the instance holds.
   * @param sent what `value` was made from; `undefined` where that is not known.
   */
  check(object: object, value: unknown, sent: unknown, run: PayloadRun, path: IssuePath | undefined): void;
}

type Condition = (object: object, value: unknown) => boolean;

/** The check of one property. It stops at the first rule that fails. */
export class PropertyCheck {
  readonly name: string;
  readonly #isOptional: boolean;
  readonly #isPromise: boolean;
  readonly #conditions: readonly Condition[];
  readonly #shape: ShapeRule | undefined;
  readonly #values: readonly ValueRule[];
  readonly #constraints: readonly ConstraintRule[];

  /** @param sentName the name that a payload has the value under; `undefined` where it holds something else there. */
  constructor(
    metadata: PropertyMetadata,
    private readonly nested: NestedCheck | undefined,
    private readonly sentName: string | undefined,
  ) {
    this.name = metadata.name;
    this.#isPromise = metadata.isPromise;
    this.#isOptional = metadata.conditions.some(isOptional);
    this.#conditions = metadata.conditions
      .filter((condition) => !isOptional(condition))
      .map(({ constraints }) => constraints?.[0] as Condition);
    const rules = metadata.rules.flatMap((rule) => compileRules(rule, metadata.rules));
    // A pattern reads a text after its length was judged, however they are written (MV-13).
    this.#values = rules
      .filter((rule) => rule instanceof ValueRule)
      .toSorted((a, b) => Number(a.name === 'matches') - Number(b.name === 'matches'));
    this.#shape = nested === undefined ? shapeRuleOf(metadata.shape, this.#values) : undefined;
    // After the plain ones: a validator that looks something up is not asked about what has the wrong type.
    this.#constraints = rules.filter((rule) => rule instanceof ConstraintRule);
  }

  /** @param sent what `object` was made from; see {@link NestedCheck.check}. */
  check(object: Record<string, unknown>, sent: unknown, run: PayloadRun, path: IssuePath | undefined): void {
    const value = object[this.name];
    if (this.#isOptional && (value === undefined || value === null)) return;
    if (this.#conditions.length > 0 && !this.#applies(object, value, run, path)) return;
    const shape = this.#shape;
    if (shape !== undefined && value !== undefined && value !== null && !shape.test(value)) {
      run.fail(path, this.name, shape.rule);
      return;
    }
    const values = this.#values;
    for (let index = 0; index < values.length; index++) {
      const rule = values[index] as ValueRule;
      if (!rule.test(value)) {
        this.#fail(rule, object, value, run, path);
        return;
      }
    }
    if (this.#constraints.length > 0 && !this.#askAll(object, value, run, path)) return;
    if (this.#isPromise && isPromiseLike(value)) run.fail(path, this.name, 'promiseValidation');
    if (this.nested !== undefined) this.nested.check(object, value, this.#sentFor(sent), run, path);
  }

  #sentFor(sent: unknown): unknown {
    const isKnown = this.sentName !== undefined && typeof sent === 'object' && sent !== null;
    return isKnown ? (sent as Record<string, unknown>)[this.sentName] : undefined;
  }

  #applies(object: object, value: unknown, run: PayloadRun, path: IssuePath | undefined): boolean {
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

  #askAll(object: object, value: unknown, run: PayloadRun, path: IssuePath | undefined): boolean {
    return this.#constraints.every((rule) => {
      if (!rule.isAsync) return this.#ask(rule, object, value, run, path);
      run.askLate(() => this.#ask(rule, object, value, run, path));
      return true;
    });
  }

  #ask(rule: ConstraintRule, object: object, value: unknown, run: PayloadRun, path: IssuePath | undefined): boolean {
    const fail = (isValid: unknown): boolean => {
      if (!Boolean(isValid)) this.#fail(rule, object, value, run, path);
      return Boolean(isValid);
    };
    try {
      const answer = rule.ask(object, value, run);
      if (!isPromiseLike(answer)) return fail(answer);
      void run.wait(Promise.resolve(answer).then(fail));
      return true;
    } catch (error) {
      // Not only validators of the application's throw: class-validator's @IsEmail() does, on half a surrogate pair.
      run.blame(error);
      return fail(false);
    }
  }

  #fail(rule: DtoRule, object: object, value: unknown, run: PayloadRun, path: IssuePath | undefined): void {
    run.fail(path, this.name, rule.name, run.hasMessages ? rule.message(object, value) : undefined);
  }
}

/** The rule that a declared type is, named as class-validator would name it. */
interface ShapeRule {
  readonly rule: string;
  readonly test: (value: unknown) => boolean;
}

const isNoObject = (value: unknown): boolean => typeof value !== 'object';

const SHAPE_RULES: Partial<Record<PropertyShape, ShapeRule>> = {
  array: { rule: 'isArray', test: Array.isArray },
  collection: { rule: 'isArray', test: isCollection },
  set: { rule: 'isArray', test: (value) => value instanceof Set },
  map: { rule: 'isObject', test: (value) => value instanceof Map },
  // Whether a text passes for a number is for the rules to say.
  string: { rule: 'isString', test: isNoObject },
  number: { rule: 'isNumber', test: isNoObject },
  boolean: { rule: 'isBoolean', test: isNoObject },
};

/** Rules that say as much as the shape, and say it better. */
const SAY_AS_MUCH: readonly (readonly [shapes: readonly PropertyShape[], rules: RegExp])[] = [
  [['array'], /^(isArray|array(NotEmpty|MinSize|MaxSize))$/],
  [
    ['string', 'number', 'boolean'],
    /^(is(String|Boolean|Int|Number|Positive|Negative|Length|Uuid)|(min|max)(Length)?|matches)$/,
  ],
];

/** The rule that the declared type is; none where a rule of the property says as much. */
function shapeRuleOf(shape: PropertyShape, values: readonly ValueRule[]): ShapeRule | undefined {
  const better = SAY_AS_MUCH.find(([shapes]) => shapes.includes(shape))?.[1];
  const isSaid = values.some(({ metadata, name }) => metadata.each !== true && better?.test(name) === true);
  return isSaid ? undefined : SHAPE_RULES[shape];
}

function isOptional({ name }: RuleMetadata): boolean {
  return name === 'isOptional';
}
