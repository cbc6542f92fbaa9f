import { describe, expect, it } from 'vitest';
import { Envelope, EnvelopeRefusal, readEnvelope } from './envelope.js';

describe('readEnvelope', () => {
  it.each([
    [{ event: 'a' }, new Envelope('a', undefined, undefined)],
    [{ event: 'order.place', data: { a: 1 } }, new Envelope('order.place', { a: 1 }, undefined)],
    [{ id: 7, data: null, event: '$auth' }, new Envelope('$auth', null, 7)],
    [{ event: 'x'.repeat(64), id: 'a_B-9' }, new Envelope('x'.repeat(64), undefined, 'a_B-9')],
    [{ event: '__proto__' }, new Envelope('__proto__', undefined, undefined)],
  ])('reads %j', (value, expected) => {
    expect(readEnvelope(value)).toEqual(expected);
    expect(readEnvelope(value)).toBeInstanceOf(Envelope);
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
    expect(readEnvelope(value)).toEqual(new EnvelopeRefusal(undefined));
    expect(readEnvelope(value)).toBeInstanceOf(EnvelopeRefusal);
  });

  it.each([[null], [1.5], [2 ** 53], [''], ['a b'], ['x'.repeat(65)], [{}], [['a']], [true]])(
    'MV-01 refuses the id %j, and does not hand it on',
    (id) => {
      expect(readEnvelope({ event: 'a', id })).toEqual(new EnvelopeRefusal(undefined));
    },
  );

  it.each([
    [{ event: 5, id: 'r1' }, 'r1'],
    [{ id: 9 }, 9],
    [{ event: 'a', extra: 1, id: 'r2' }, 'r2'],
  ])('MV-01 keeps the valid id of the refused %j', (value, id) => {
    expect(readEnvelope(value)).toEqual(new EnvelopeRefusal(id));
  });

  it('MV-01 does not take an inherited key for a sent one', () => {
    const inherited: unknown = Object.create({ event: 'a', data: 1, id: 1 });
    expect(readEnvelope(inherited)).toEqual(new EnvelopeRefusal(undefined));
  });
});
