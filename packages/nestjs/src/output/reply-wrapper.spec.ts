import { describe, expect, it } from 'vitest';
import { isWrapper } from './reply-wrapper.js';

const VIEW: ReadonlySet<string> = new Set(['id', 'name']);

class Row {
  id = 1;
}

/** As an ObjectId or a Decimal: one value. */
class Scalar {
  toJSON(): string {
    return '1';
  }
}

/** As a document of Mongoose: it has what it holds from its class. */
class Doc extends Scalar {
  get name(): string {
    throw new Error('asked');
  }
}

describe('isWrapper', () => {
  it.each([
    ['an object', { data: { id: 1 } }],
    ['a list', { ok: true, items: [] }],
    ['an instance', { data: new Row() }],
    ['a document that has what the view asks for', { data: new Doc() }],
    ['an object among texts', { a: 1, b: 1, c: 1, d: 1, e: 1, f: {} }],
  ])('OD-04 is a plain object that holds %s', (_, value) => {
    expect(isWrapper(value, VIEW)).toBe(true);
  });

  const trap = (): never => {
    throw new Error('trap');
  };

  it.each([
    ['one that has a name of the view', { id: undefined, data: {} }],
    ['an empty one', {}],
    ['texts, numbers and dates', { a: 'x', b: 1, c: null, d: new Date(0), e: Buffer.from('x') }],
    ['values that write themselves', { _id: new Scalar(), cost: new Scalar() }],
    ['an accessor', Object.defineProperty({}, 'data', { get: trap, enumerable: true })],
    ['an instance of a class', Object.assign(new Scalar(), { data: {} })],
    ['a list', [{ data: {} }]],
    ['a proxy that answers nothing', new Proxy({}, { ownKeys: trap, has: trap, getPrototypeOf: trap })],
    ['a table of data', Object.fromEntries(Array.from({ length: 1000 }, (__, row) => [`r${row}`, row < 16 ? 1 : {}]))],
    ['nothing', undefined],
  ])('OD-04 is not %s', (_, value) => {
    expect(isWrapper(value, VIEW)).toBe(false);
  });
});
