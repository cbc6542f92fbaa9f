import { isUUID } from 'class-validator';
import { hasLength } from './visible-length.js';

/** A rule of class-validator as a plain function of the value. */
export type ValueTest = (value: unknown) => boolean;

/** How a rule is written out, and how it is recognised. */
export interface BuiltInRule {
  /** The default message of class-validator's own decorator, without the prefix of `each`. */
  readonly text: string;
  /** Makes the test for the arguments of a decorator; `undefined` where they are not the plain ones. */
  readonly make: (constraints: readonly unknown[]) => ValueTest | undefined;
  /** What is asked instead, once the rule is recognised. */
  readonly stricter?: ValueTest;
}

const rule = (text: string, make: BuiltInRule['make']): BuiltInRule => ({ text: `$property ${text}`, make });

/** A rule without arguments. */
const plain = (text: string, test: ValueTest): BuiltInRule => rule(text, () => test);

/** A rule whose one argument is a number. */
const bound = (text: string, make: (bound: number) => ValueTest): BuiltInRule =>
  rule(text, ([number]) => (typeof number === 'number' ? make(number) : undefined));

/**
 * The most used rules of class-validator, written without its detour through metadata, container and arguments object.
 *
 * Each does exactly what the function of the same name in class-validator 0.14 and 0.15 does; `rule-conformance.ts`
 * compares the two at boot, and what differs runs through class-validator.
 */
const RULES: Readonly<Record<string, BuiltInRule>> = {
  isDefined: plain('should not be null or undefined', (value) => value !== undefined && value !== null),
  isNotEmpty: plain('should not be empty', (value) => value !== '' && value !== null && value !== undefined),
  isString: plain('must be a string', (value) => typeof value === 'string' || value instanceof String),
  isBoolean: plain('must be a boolean value', (value) => typeof value === 'boolean' || value instanceof Boolean),
  isInt: {
    ...plain('must be an integer number', (value) => Number.isInteger(value)),
    // Beyond 2^53 the parser has rounded: two ids that differ arrive as one (MV-09).
    stricter: (value) => Number.isSafeInteger(value),
  },
  isNumber: rule('must be a number conforming to the specified constraints', ([options]) => numberTest(options)),
  isPositive: plain('must be a positive number', (value) => typeof value === 'number' && value > 0),
  isNegative: plain('must be a negative number', (value) => typeof value === 'number' && value < 0),
  min: bound('must not be less than $constraint1', (min) => (value) => typeof value === 'number' && value >= min),
  max: bound('must not be greater than $constraint1', (max) => (value) => typeof value === 'number' && value <= max),
  minLength: rule('must be longer than or equal to $constraint1 characters', ([min]) => lengthTest(min)),
  maxLength: rule('must be shorter than or equal to $constraint1 characters', ([max]) => lengthTest(0, max)),
  isLength: rule('must be longer than or equal to $constraint1 characters', ([min, max]) => lengthTest(min, max)),
  matches: rule('must match $constraint1 regular expression', ([pattern]) => patternTest(pattern)),
  isUuid: rule('must be a UUID', ([version]) => uuidTest(version)),
  isIn: rule('must be one of the following values: $constraint1', ([values]) => memberTest(values)),
  isEnum: rule('must be one of the following values: $constraint2', ([entity]) => enumTest(entity)),
  isArray: plain('must be an array', (value) => Array.isArray(value)),
  isObject: plain(
    'must be an object',
    (value) => (typeof value === 'object' || typeof value === 'function') && value !== null && !Array.isArray(value),
  ),
  arrayNotEmpty: plain('should not be empty', (value) => Array.isArray(value) && value.length > 0),
  arrayMinSize: bound(
    'must contain at least $constraint1 elements',
    (min) => (value) => Array.isArray(value) && value.length >= min,
  ),
  arrayMaxSize: bound(
    'must contain no more than $constraint1 elements',
    (max) => (value) => Array.isArray(value) && value.length <= max,
  ),
};

/** {@link RULES} by their name. */
export const BUILT_IN_RULES: ReadonlyMap<string, BuiltInRule> = new Map(Object.entries(RULES));

function numberTest(options: unknown): ValueTest | undefined {
  if (typeof options !== 'object' || options === null) return undefined;
  const { maxDecimalPlaces, ...others } = options as Record<string, unknown>;
  // allowNaN and allowInfinity.
  if (Object.keys(others).length > 0) return undefined;
  if (maxDecimalPlaces === undefined) return (value) => Number.isFinite(value);
  if (typeof maxDecimalPlaces !== 'number') return undefined;
  return (value) => {
    if (!Number.isFinite(value)) return false;
    if (Number.isInteger(value)) return maxDecimalPlaces >= 0;
    // A text such as 1e-7 has no point; there class-validator throws, and a client chooses the number.
    const decimals = String(value).split('.')[1];
    return decimals !== undefined && decimals.length <= maxDecimalPlaces;
  };
}

function lengthTest(min: unknown, max: unknown = Number.MAX_SAFE_INTEGER): ValueTest | undefined {
  if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max)) return undefined;
  return (value) => typeof value === 'string' && hasLength(value, min as number, max as number);
}

function patternTest(pattern: unknown): ValueTest | undefined {
  // With `g` or `y` a regular expression remembers where it was.
  if (!(pattern instanceof RegExp) || pattern.global || pattern.sticky) return undefined;
  return (value) => typeof value === 'string' && pattern.test(value);
}

function uuidTest(version: unknown): ValueTest {
  return (value) => isUUID(value, version as Parameters<typeof isUUID>[1]);
}

function memberTest(values: unknown): ValueTest | undefined {
  // `indexOf` compares like the `===` of class-validator; `includes` would find NaN.
  return Array.isArray(values) ? (value) => values.indexOf(value) !== -1 : undefined;
}

function enumTest(entity: unknown): ValueTest | undefined {
  if (typeof entity !== 'object' || entity === null) return undefined;
  const values: readonly unknown[] = Object.values(entity);
  return (value) => values.includes(value);
}
