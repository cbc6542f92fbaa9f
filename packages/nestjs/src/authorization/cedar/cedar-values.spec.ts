import { describe, expect, it } from 'vitest';
import { toCedarEntity, toCedarRecord, toCedarUid } from './cedar-values.js';

/** A record in a record, that many of them. */
function nested(levels: number, leaf: unknown = 1): Record<string, unknown> {
  let value: unknown = leaf;
  for (let level = 0; level < levels; level += 1) value = { in: value };
  return value as Record<string, unknown>;
}

function nestedList(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

class Account {
  readonly id = '1';
}

describe('toCedarRecord', () => {
  it('AZ-04 copies what Cedar has a value for, and leaves out what is undefined', () => {
    const record = { a: 'text', b: 7, c: true, d: [1, 'x', [false]], e: { f: -1 }, g: undefined, h: { i: undefined } };
    expect(toCedarRecord(record, 'x')).toEqual({ a: 'text', b: 7, c: true, d: [1, 'x', [false]], e: { f: -1 }, h: {} });
    expect(Object.keys(toCedarRecord(record, 'x'))).not.toContain('g');
    expect(toCedarRecord(Object.assign(Object.create(null), { a: 1 }), 'x')).toEqual({ a: 1 });
  });

  it('AZ-04 gives the library a copy: what changes later was not judged', () => {
    const inner = { a: 1 };
    const copy = toCedarRecord({ inner }, 'x');
    inner.a = 2;
    expect(copy).toEqual({ inner: { a: 1 } });
  });

  it.each<[string, unknown, string]>([
    ['an entity of another name', { a: { __entity: { type: 'User', id: 'root' } } }, 'x.a has a member whose name'],
    ['an extension', { a: { __extn: { fn: 'ip', arg: '127.0.0.1' } } }, 'x.a has a member whose name'],
    ['an expression', { __expr: '1 == 1' }, 'x has a member whose name begins with two underscores.'],
    ['a fraction', { a: 1.5 }, 'x.a is no record that Cedar can take.'],
    ['not a number', { a: NaN }, 'x.a is no record'],
    ['a number that is not exact', { a: 2 ** 53 }, 'x.a is no record'],
    ['null', { a: null }, 'x.a is no record'],
    ['a date', { a: new Date(0) }, 'x.a is no record'],
    ['a map', { a: new Map() }, 'x.a is no record'],
    ['an object of the application', { a: new Account() }, 'x.a is no record'],
    ['a function', { a: () => 1 }, 'x.a is no record'],
    ['a big integer', { a: 1n }, 'x.a is no record'],
    ['half of a surrogate pair', { a: '\ud800' }, 'x.a is no well-formed text.'],
    ['something of it in a list', { a: ['ok', { b: 0.5 }] }, 'x.a[1].b is no record'],
    ['a hole in a list', { a: Array(1) as unknown[] }, 'x.a[0] is no record'],
    ['a list for the record', [], 'x is no record'],
    ['a text for the record', 'a', 'x is no record'],
  ])('AZ-09 refuses %s, and quotes no value', (_, record, text) => {
    expect(() => toCedarRecord(record, 'x')).toThrow(TypeError);
    expect(() => toCedarRecord(record, 'x')).toThrow(text);
  });

  it('MV-06 follows 32 levels and no more, of records and of lists', () => {
    expect(toCedarRecord(nested(33), 'x')).toEqual(nested(33));
    expect(() => toCedarRecord(nested(34), 'x')).toThrow('is no record that Cedar can take.');
    expect(toCedarRecord({ a: nestedList(32) }, 'x')).toEqual({ a: nestedList(32) });
    expect(() => toCedarRecord({ a: nestedList(33) }, 'x')).toThrow('is nested too deep.');
    expect(() => toCedarRecord({ a: nestedList(20_000) }, 'x')).toThrow(TypeError);
  });
});

describe('toCedarUid', () => {
  it('AZ-04 takes type and id, and nothing else', () => {
    expect(toCedarUid({ type: 'User', id: 'a', attributes: { admin: true } }, 'x')).toEqual({ type: 'User', id: 'a' });
  });

  it.each<[string, unknown]>([
    ['no type', { id: 'a' }],
    ['an empty type', { type: '', id: 'a' }],
    ['a type that is a number', { type: 1, id: 'a' }],
    ['no id', { type: 'User' }],
    ['an empty id', { type: 'User', id: '' }],
    ['an id that is a number', { type: 'User', id: 1 }],
    ['an id that is a list', { type: 'User', id: ['a'] }],
    ['nothing', undefined],
    ['null', null],
    ['a text', 'User::"a"'],
    ['an object of the application', Object.assign(new Account(), { type: 'User' })],
  ])('AZ-09 refuses %s', (_, uid) => {
    expect(() => toCedarUid(uid, 'The action')).toThrow(/^The action is no entity: it needs a type and an id/);
  });

  it('AZ-09 refuses half of a surrogate pair in either', () => {
    expect(() => toCedarUid({ type: 'User', id: 'a\udfff' }, 'x')).toThrow('x is no well-formed text.');
    expect(() => toCedarUid({ type: 'U\ud800', id: 'a' }, 'x')).toThrow('x is no well-formed text.');
  });
});

describe('toCedarEntity', () => {
  it('AZ-04 has neither attributes nor parents by default', () => {
    expect(toCedarEntity({ type: 'User', id: 'a' }, 'x')).toEqual({
      uid: { type: 'User', id: 'a' },
      attrs: {},
      parents: [],
    });
  });

  it('AZ-04 copies attributes and parents', () => {
    const parents = [{ type: 'Group', id: 'g', attributes: {} }];
    expect(toCedarEntity({ type: 'User', id: 'a', attributes: { age: 7 }, parents }, 'x')).toEqual({
      uid: { type: 'User', id: 'a' },
      attrs: { age: 7 },
      parents: [{ type: 'Group', id: 'g' }],
    });
  });

  it.each<[string, object, string]>([
    ['parents that are no list', { parents: { 0: { type: 'Group', id: 'g' } } }, 'x.parents must be a list.'],
    [
      'a parent without an id',
      { parents: [{ type: 'Group', id: 'g' }, { type: 'Group' }] },
      'x.parents[1] is no entity',
    ],
    ['a hole among its parents', { parents: Array(1) as unknown[] }, 'x.parents[0] is no entity'],
    ['attributes that are null', { attributes: null }, 'x.attributes is no record'],
    ['an attribute that Cedar has no value for', { attributes: { a: 0.5 } }, 'x.attributes.a is no record'],
  ])('AZ-09 refuses one with %s', (_, more, text) => {
    expect(() => toCedarEntity({ type: 'User', id: 'a', ...more }, 'x')).toThrow(text);
  });
});
