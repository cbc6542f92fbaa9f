import { describe, expect, it } from 'vitest';
import { JwtKeyRing } from './jwt-key-ring.js';

describe('JwtKeyRing', () => {
  const first = { kid: 'first' };
  const second = { kid: 'second' };
  const only = { kid: undefined };

  it('J08 finds a key by its kid', () => {
    const ring = new JwtKeyRing([first, second]);
    expect(ring.find('first')).toBe(first);
    expect(ring.find('second')).toBe(second);
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'First', 'first ', ''])(
    'J08 finds nothing under the kid %j',
    (kid) => {
      expect(new JwtKeyRing([first, second]).find(kid)).toBeUndefined();
    },
  );

  it('J08 never guesses where the token names no key', () => {
    expect(new JwtKeyRing([first, second]).find(undefined)).toBeUndefined();
    expect(new JwtKeyRing([first]).find(undefined)).toBeUndefined();
    expect(new JwtKeyRing([]).find(undefined)).toBeUndefined();
  });

  it('uses a single key without kid for every token', () => {
    const ring = new JwtKeyRing([only]);
    expect(ring.find(undefined)).toBe(only);
    expect(ring.find('any')).toBe(only);
  });
});
