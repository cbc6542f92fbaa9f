import {
  ArrayMaxSize,
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

  it('MV-09 takes a number without a decimal point for what it is, where class-validator throws', () => {
    const { test } = testOf(IsNumber({ maxDecimalPlaces: 2 }));
    expect([0.12, 1e21, 0.123, 1e-7].map((value) => test?.(value))).toEqual([true, true, false, false]);
  });
});
