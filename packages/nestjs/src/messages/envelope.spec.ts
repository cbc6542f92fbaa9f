import { describe, expect, it } from 'vitest';
import { type Envelope, readEnvelope } from './envelope.js';

const NOTHING: Envelope = { event: '', data: undefined, id: undefined };

/** What is read of a value: its envelope, or of a refused one the id. */
function read(value: unknown): unknown {
  const envelope = { ...NOTHING };
  if (readEnvelope(value, envelope)) return envelope;
  expect(envelope).toEqual({ ...NOTHING, id: envelope.id });
  return ['refused', envelope.id];
}

describe('readEnvelope', () => {
  it.each([
    [{ event: 'a' }, { event: 'a' }],
    [
      { event: 'order.place', data: { a: 1 } },
      { event: 'order.place', data: { a: 1 } },
    ],
    [
      { id: 7, data: null, event: '$auth' },
      { event: '$auth', data: null, id: 7 },
    ],
    [
      { event: 'x'.repeat(64), id: 'a_B-9' },
      { event: 'x'.repeat(64), id: 'a_B-9' },
    ],
    [{ event: '__proto__' }, { event: '__proto__' }],
  ])('reads %j', (value, expected) => {
    expect(read(value)).toEqual({ ...NOTHING, ...expected });
  });

  it.each([
    [5],
    ['text'],
    [true],
    [null],
    [undefined],
    [[]],
    [[{ event: 'a' }]],
    [{}],
    [{ data: {} }],
    [{ event: undefined }],
    [{ event: null }],
    [{ event: 1 }],
    [{ event: ['open'] }],
    [{ event: { toString: 'open' } }],
    [{ event: '' }],
    [{ event: 'x'.repeat(65) }],
    [{ event: 'a b' }],
    [{ event: 'a\n' }],
    [{ event: 'caf\u00e9' }],
    [{ event: 'a\u0000' }],
    [{ event: 'a\u007f' }],
    [{ event: 'a', extra: 1 }],
    [{ event: 'a', Data: 1 }],
    [{ event: 'a', toString: 1 }],
  ])('MV-01 refuses %j', (value) => {
    expect(read(value)).toEqual(['refused', undefined]);
  });

  it.each([[null], [1.5], [2 ** 53], [''], ['a b'], ['x'.repeat(65)], [{}], [['a']], [true]])(
    'MV-01 refuses the id %j, and does not hand it on',
    (id) => {
      expect(read({ event: 'a', id })).toEqual(['refused', undefined]);
    },
  );

  it.each([
    [{ event: 5, id: 'r1' }, 'r1'],
    [{ id: 9 }, 9],
    [{ event: 'a', extra: 1, id: 'r2' }, 'r2'],
  ])('MV-01 keeps the valid id of the refused %j', (value, id) => {
    expect(read(value)).toEqual(['refused', id]);
  });

  it('MV-01 does not take an inherited key for a sent one', () => {
    const inherited: unknown = Object.create({ event: 'a', data: 1, id: 1 });
    expect(read(inherited)).toEqual(['refused', undefined]);
  });
});
