import 'reflect-metadata';
import { instanceToPlain, plainToInstance } from 'class-transformer';
import { describe, expect, it } from 'vitest';
import { valueTransformsOf } from '../../nest/transformer-storage.js';
import { type Sanitizer, sanitizersOf, sanitizing } from './sanitizer.js';

const upper: Sanitizer = { decorator: '@Upper()', clean: (text) => text.toUpperCase() };

class Note {
  @sanitizing(upper)
  text!: unknown;
}

class Inner {
  constructor(readonly text: string) {}
}

/** As the compiled builder of messages runs it. */
const clean = (text: unknown) => valueTransformsOf(Note, 'text').reduce((value, transform) => transform(value), text);

describe('sanitizing', () => {
  it.each<[string, unknown, unknown]>([
    ['a text', 'a', 'A'],
    ['the texts of a list', ['a', ['b', 1]], ['A', ['B', 1]]],
    ['the texts of an object, and no names', { a: 'b', c: { d: 'e' } }, { a: 'B', c: { d: 'E' } }],
    ['the texts of a set', new Set(['a', 1]), new Set(['A', 1])],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 'b' }), { a: 'B' }],
    ['a number', 7, 7],
    ['null', null, null],
    ['undefined', undefined, undefined],
    ['a boolean', false, false],
  ])('MV-14 cleans %s', (_, sent, cleaned) => {
    expect(clean(sent)).toEqual(cleaned);
  });

  it('MV-14 leaves an instance of a class to its own sanitisers', () => {
    const inner = new Inner('a');
    expect(clean(inner)).toBe(inner);
    const date = new Date(0);
    expect(clean(date)).toBe(date);
  });

  it('MV-14 cleans what comes in, and changes nothing that goes out', () => {
    expect(plainToInstance(Note, { text: 'a' }).text).toBe('A');
    expect(instanceToPlain(Object.assign(new Note(), { text: 'a' }))).toEqual({ text: 'a' });
  });

  it('MV-04 makes no prototype of a name', () => {
    const cleaned = clean(JSON.parse('{"__proto__": {"admin": "x"}}')) as { readonly admin?: unknown };
    expect(cleaned.admin).toBeUndefined();
  });

  it('knows a sanitiser by its transformation, and no other one', () => {
    expect(sanitizersOf([(value) => value, ...valueTransformsOf(Note, 'text')])).toEqual([upper]);
  });
});
