import { isDeepStrictEqual } from 'node:util';
import {
  ArrayMaxSize,
  arrayMinSize,
  ArrayMinSize,
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsDefined,
  IsEnum,
  IsIn,
  IsInt,
  IsNegative,
  IsNotEmpty,
  IsNumber,
  IsObject,
  IsPositive,
  IsString,
  IsUUID,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  minLength,
  MinLength,
  registerDecorator,
  type ValidatorConstraintInterface,
} from 'class-validator';
import { describe, expect, it } from 'vitest';
import { BUILT_IN_RULES, type ValueTest } from './built-in-rules.js';
import { constraintsOf, readProperties } from './dto-metadata.js';
import { findValueTest } from './rule-conformance.js';

const testOf = (decorator: PropertyDecorator): { name: string; test: ValueTest | undefined } => {
  class Dto {}
  decorator(Dto.prototype, 'value');
  const metadata = readProperties(Dto)[0]?.rules[0];
  const constraint = metadata === undefined ? undefined : constraintsOf(metadata)[0];
  if (metadata === undefined || constraint === undefined) throw new TypeError('The decorator registered no rule.');
  return { name: constraint.name, test: findValueTest(metadata, constraint) };
};

const custom = (
  name: string,
  validator: ValidatorConstraintInterface,
  constraints: unknown[] = [],
): PropertyDecorator => {
  return (target, propertyName) => {
    const property = propertyName as string;
    registerDecorator({ name, target: target.constructor, propertyName: property, constraints, validator });
  };
};

enum Side {
  Buy = 'buy',
}

const GENUINE: readonly PropertyDecorator[] = [
  IsDefined(),
  IsNotEmpty(),
  IsString(),
  IsBoolean(),
  IsInt(),
  IsNumber(),
  IsPositive(),
  IsNegative(),
  Min(3),
  Max(3),
  MinLength(2),
  MaxLength(20),
  Length(1, 12),
  Matches(/^[a-z]+$/),
  IsUUID(),
  IsIn(['a', 'b']),
  IsEnum(Side),
  IsArray(),
  IsObject(),
  ArrayNotEmpty(),
  ArrayMinSize(1),
  ArrayMaxSize(2),
];

describe('findValueTest', () => {
  it('recognises the decorator of every rule that is written out', () => {
    const found = GENUINE.map(testOf);
    expect(found.filter(({ test }) => test === undefined)).toEqual([]);
    expect(new Set(found.map(({ name }) => name))).toEqual(new Set(BUILT_IN_RULES.keys()));
  });

  it.each<[string, PropertyDecorator]>([
    ['each', IsString({ each: true })],
    ['a message of its own', MinLength(2, { message: 'too short' })],
    ['a group', IsInt({ groups: ['a'] })],
    ['a version', IsUUID('4')],
    ['decimal places', IsNumber({ maxDecimalPlaces: 2 })],
    ['one bound', Length(2)],
  ])('recognises one with %s', (_, decorator) => {
    expect(testOf(decorator).test).toBeTypeOf('function');
  });

  it.each<[string, PropertyDecorator]>([
    ['a rule that is not written out', Matches('a+')],
    ['a stateful pattern', Matches(/a/g)],
    ['NaN allowed', IsNumber({ allowNaN: true })],
    ['the name alone', custom('isString', { validate: () => true })],
    [
      'the name and the text',
      custom('isInt', { validate: () => true, defaultMessage: () => '$property must be an integer number' }),
    ],
    [
      'a rule of the same name that only seems to do the same',
      custom('isString', { validate: (value) => typeof value === 'string' || value instanceof String }),
    ],
    [
      'a stricter rule of the same name and text',
      custom('isString', {
        validate: (value) => typeof value === 'string' && value !== '',
        defaultMessage: () => '$property must be a string',
      }),
    ],
    [
      'an asynchronous rule of the same name and text',
      custom('isString', {
        validate: (value) => Promise.resolve(typeof value === 'string'),
        defaultMessage: () => '$property must be a string',
      }),
    ],
    [
      'a rule that throws',
      custom('isString', {
        validate: () => {
          throw new Error('never');
        },
        defaultMessage: () => '$property must be a string',
      }),
    ],
    [
      'a rule that differs just above its bound',
      custom(
        'max',
        {
          validate: (value) => typeof value === 'number' && value < 1001,
          defaultMessage: () => '$property must not be greater than $constraint1',
        },
        [1000],
      ),
    ],
  ])('leaves %s to class-validator', (_, decorator) => {
    expect(testOf(decorator).test).toBeUndefined();
  });

  /** A rule of the name and text of a built-in one, that judges one value otherwise. */
  const deviating = (name: string, text: string, bound: number, test: (value: unknown) => boolean, other: unknown) =>
    custom(
      name,
      {
        validate: (value) => (isDeepStrictEqual(value, other) ? !test(value) : test(value)),
        defaultMessage: () => text,
      },
      [bound],
    );
  const hasLength = (min: number) => (value: unknown) => minLength(value, min);
  const hasElements = (min: number) => (value: unknown) => arrayMinSize(value, min);
  const LENGTH = '$property must be longer than or equal to $constraint1 characters';
  const ELEMENTS = '$property must contain at least $constraint1 elements';

  it('recognises one that judges no value otherwise', () => {
    const nothing = Symbol('no witness');
    for (const bound of [9, 4096]) {
      expect(testOf(deviating('minLength', LENGTH, bound, hasLength(bound), nothing)).test).toBeTypeOf('function');
      expect(testOf(deviating('arrayMinSize', ELEMENTS, bound, hasElements(bound), nothing)).test).toBeTypeOf(
        'function',
      );
    }
  });

  it.each<readonly [what: string, decorator: PropertyDecorator]>([
    ['a text at its bound', deviating('minLength', LENGTH, 9, hasLength(9), 'x'.repeat(9))],
    ['a text just below it', deviating('minLength', LENGTH, 9, hasLength(9), 'x'.repeat(8))],
    ['a text just above it', deviating('minLength', LENGTH, 9, hasLength(9), 'x'.repeat(10))],
    ['a text of pairs', deviating('minLength', LENGTH, 9, hasLength(9), '\u{1f44d}'.repeat(9))],
    ['the longest text', deviating('minLength', LENGTH, 4096, hasLength(4096), 'x'.repeat(4096))],
    ['a list at its bound', deviating('arrayMinSize', ELEMENTS, 9, hasElements(9), new Array(9).fill(0))],
    ['a list just below it', deviating('arrayMinSize', ELEMENTS, 9, hasElements(9), new Array(8).fill(0))],
    ['the longest list', deviating('arrayMinSize', ELEMENTS, 4096, hasElements(4096), new Array(4096).fill(0))],
  ])('leaves a rule to class-validator that judges %s otherwise', (_, decorator) => {
    expect(testOf(decorator).test).toBeUndefined();
  });

  it.each<readonly [what: string, decorator: PropertyDecorator]>([
    ['of nothing', Min(0)],
    ['below nothing', Min(-5)],
    ['that no text reaches', Max(1e15)],
    ['of a fraction', Min(0.5)],
    ['of elements that no list has', ArrayMaxSize(1e12)],
  ])('recognises a bound %s', (_, decorator) => {
    expect(testOf(decorator).test).toBeTypeOf('function');
  });

  it('MV-09 takes a number without a decimal point for what it is, where class-validator throws', () => {
    const { test } = testOf(IsNumber({ maxDecimalPlaces: 2 }));
    expect([0.12, 1e21, 0.123, 1e-7].map((value) => test?.(value))).toEqual([true, true, false, false]);
  });

  it.each<[string, Parameters<typeof IsNumber>[0], readonly number[], readonly number[]]>([
    ['nothing', {}, [0, -1.5, 1e-7], [NaN, Infinity, -Infinity]],
    ['no decimals', { maxDecimalPlaces: 0 }, [0, -3, 1e21], [0.5, NaN]],
    ['two decimals', { maxDecimalPlaces: 2 }, [1, 1.25, -0.5], [1.125, 1e-7, Infinity]],
  ])('MV-09 judges numbers without class-validator where their options say %s', (_, options, good, bad) => {
    const { test } = testOf(IsNumber(options));
    expect(good.map((value) => test?.(value))).toEqual(good.map(() => true));
    expect(bad.map((value) => test?.(value))).toEqual(bad.map(() => false));
  });

  it.each<[string, string, readonly unknown[]]>([
    ['NaN allowed', 'isNumber', [{ allowNaN: true }]],
    ['Infinity allowed', 'isNumber', [{ allowInfinity: true, maxDecimalPlaces: 2 }]],
    ['decimals that are a text', 'isNumber', [{ maxDecimalPlaces: '2' }]],
    ['null for options', 'isNumber', [null]],
    ['a text for options', 'isNumber', ['x']],
    ['half a length', 'isLength', [0.5, 2]],
    ['a length without an end', 'isLength', [0, Infinity]],
    ['a bound that is a text', 'min', ['1']],
    ['a pattern that remembers', 'matches', [/a/g]],
    ['a pattern that sticks', 'matches', [/a/y]],
    ['a pattern that is a text', 'matches', ['a']],
    ['values that are no list', 'isIn', [{ 0: 'a', length: 1 }]],
    ['an enum that is a text', 'isEnum', ['ab']],
    ['an enum that is null', 'isEnum', [null]],
  ])('MV-09 leaves a value to class-validator where there is %s', (_, name, constraints) => {
    expect(BUILT_IN_RULES.get(name)?.make(constraints)).toBeUndefined();
  });
});
