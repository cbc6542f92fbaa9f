import { Equals, IsIn, MaxDate, ValidateBy } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { plainOf, textOf } from './plain-value.js';
import { SchemaCatalogue } from './schema/schema-catalogue.js';

/** The lock of a property with one rule. */
function lockOf(rule: PropertyDecorator): string {
  class Message {
    declare text: unknown;
  }
  rule(Message.prototype, 'text');
  const catalogue = new SchemaCatalogue();
  catalogue.schemaOf(Message);
  return textOf(catalogue.schemas);
}

const own = (...constraints: unknown[]): PropertyDecorator =>
  ValidateBy({ name: 'own', constraints, validator: { validate: () => true } });

describe('the words for a value', () => {
  it.each<readonly [what: string, before: PropertyDecorator, after: PropertyDecorator]>([
    ['a date', MaxDate(new Date(0)), MaxDate(new Date(9e14))],
    ['a date that is none', own(new Date(0)), own(new Date(NaN))],
    ['a date in a list', IsIn([new Date(0)]), IsIn([new Date(1)])],
    ['a Map', own(new Map([['a', 1]])), own(new Map([['a', 2]]))],
    ['a Set', own(new Set(['a'])), own(new Set(['a', 'b']))],
    ['a bigint', own(1n), own(2n)],
    ['a symbol', own(Symbol('a')), own(Symbol('b'))],
    ['a pattern', own(/a/), own(/a/i)],
    ['a number below all bounds', Equals(-Infinity), Equals(null)],
    ['a number above all bounds', Equals(Infinity), Equals(-Infinity)],
  ])('AZ-01 differ where this does, as the argument of a rule: %s', (_what, before, after) => {
    expect(lockOf(before)).not.toBe(lockOf(after));
    expect(lockOf(before)).toBe(lockOf(before));
  });

  it('AZ-01 are the same at every start where a date is of the start', () => {
    const now = Date.now();
    expect(lockOf(MaxDate(new Date(now)))).toContain('computed');
    expect(lockOf(MaxDate(new Date(now)))).toBe(lockOf(MaxDate(new Date(now - 5))));
    expect(lockOf(MaxDate(new Date(now - 86_400_000)))).toContain('Date ');
  });

  it('AZ-01 are those of JSON, in one order', () => {
    const map = new Map<unknown, unknown>([['b', new Set([2n, 1n])], ['a', -Infinity]]); // prettier-ignore
    map.set('c', map);
    expect(plainOf({ map, at: new Date(0), none: undefined })).toEqual({
      at: 'Date 1970-01-01T00:00:00.000Z',
      map: [
        ['a', '-unlimited'],
        ['b', ['1n', '2n']],
        ['c', 'circular'],
      ],
    });
  });
});
