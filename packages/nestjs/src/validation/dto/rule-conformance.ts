import type { ValidatorConstraintInterface } from 'class-validator';
import { BUILT_IN_RULES, type ValueTest } from './built-in-rules.js';
import { argumentsOf, type Constraint, type RuleMetadata } from './dto-metadata.js';

/** The name that `registerDecorator` gives to the class it makes around a validator object. */
const GENERATED_CLASS = 'CustomConstraint';
/** Witnesses are made up to this size; the rules are linear between them. */
const MAX_WITNESS_SIZE = 4096;

const WITNESSES: readonly unknown[] = [
  ...['', ' ', '  ', 'a', ' a ', 'A', 'ab', 'abc', '0', '1', '-1', '1.5', 'true', 'false', 'null', 'NaN', '\n', '\0'],
  ...['\u{1f44d}', '\u{1f468}\u200d\u{1f469}', '\u2764\ufe0f', '\ufe0f', 'a\ufe0f\ufe0f', '\ud800', '\udc00', '\u202e'],
  ...['1c9d6b44-0f0e-4a3c-9d55-6a0c1d2e3f40', '1c9d6b44-0f0e-1a3c-9d55-6a0c1d2e3f40'],
  ...['00000000-0000-0000-0000-000000000000', 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF', 'a@example.com', '<b>', '$&'],
  ...[0, -0, 1, -1, 2, 0.1, 0.12, 0.123, 1.5, -1.5, 1e21, 1.5e-7, 2 ** 53, -(2 ** 53), NaN, Infinity, -Infinity],
  ...[true, false, null, undefined, [], [1], ['a'], [null], [[]], {}, { length: 1 }, { a: 1 }, Symbol('a'), 1n],
  ...[new String('a'), new Number(1), new Boolean(true), new Date(0), new Set(['a']), /a/, () => undefined],
];

/**
 * Finds the written-out form of a rule, if there is one and it is certain to be the same rule.
 *
 * A decorator of the application's may carry the name of a built-in one and be stricter. So the class must be one that
 * `registerDecorator` generates, its default message must be class-validator's own, and both must agree on every witness:
 * all kinds of values, and those at the bounds that the decorator's arguments name. It also protects from a later
 * class-validator that changes a rule.
 */
export function findValueTest(metadata: RuleMetadata, constraint: Constraint): ValueTest | undefined {
  const { constraintCls, constraints = [], each } = metadata;
  const builtIn = BUILT_IN_RULES.get(constraint.name);
  if (builtIn === undefined || constraintCls.name !== GENERATED_CLASS || constraintCls.length > 0) return undefined;
  const test = builtIn.make(constraints);
  if (test === undefined) return undefined;
  try {
    // Not from the container, which the application may set up after the boot: a generated class has no dependencies.
    const genuine = new (constraintCls as new () => ValidatorConstraintInterface)();
    const text = each === true ? `each value in ${builtIn.text}` : builtIn.text;
    if (genuine.defaultMessage?.(argumentsOf(metadata, {}, undefined)) !== text) return undefined;
    const isSame = [...WITNESSES, ...witnessesOf(constraints)].every(
      (witness) => genuine.validate(witness, argumentsOf(metadata, {}, witness)) === test(witness),
    );
    return isSame ? (builtIn.stricter ?? test) : undefined;
  } catch {
    return undefined;
  }
}

/** Values at the bounds that a decorator's arguments name. */
function witnessesOf(constraints: readonly unknown[]): unknown[] {
  return constraints.flatMap((constraint) => {
    if (typeof constraint === 'number') return around(constraint);
    if (typeof constraint === 'object' && constraint !== null && !(constraint instanceof RegExp)) {
      return Object.values(constraint).slice(0, MAX_WITNESS_SIZE) as unknown[];
    }
    return [];
  });
}

function around(bound: number): unknown[] {
  const numbers = [bound - 1, bound - 0.5, bound, bound + 0.5, bound + 1];
  const sizes = numbers.filter((size) => Number.isInteger(size) && size >= 0 && size <= MAX_WITNESS_SIZE);
  return [
    ...numbers,
    ...sizes.flatMap((size) => ['x'.repeat(size), '\u{1f44d}'.repeat(size), 'x\ufe0f'.repeat(size)]),
    ...sizes.map((size) => new Array<number>(size).fill(0)),
  ];
}
