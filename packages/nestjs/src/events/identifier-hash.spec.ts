import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { IdentifierHash, randomHashKey } from './identifier-hash.js';

const key = createSecretKey(Buffer.alloc(32, 1));

describe('IdentifierHash', () => {
  it('MO-06 gives one identifier one hash, with the same key in every process', () => {
    expect(new IdentifierHash(key).of('["jwt","iss","alice"]')).toBe(
      new IdentifierHash(key).of('["jwt","iss","alice"]'),
    );
    expect(new IdentifierHash(key).of('["jwt","iss","alice"]')).toMatch(/^[\w-]{16}$/);
  });

  it('MO-06 gives another hash under another key, so that a list of users cannot be tried out', () => {
    const hashes = [key, randomHashKey(), randomHashKey()].map((each) => new IdentifierHash(each).of('alice'));

    expect(new Set(hashes).size).toBe(3);
  });

  it('MO-06 DR-24 holds a bounded number of hashes, and gives the same hashes after it has forgotten them', () => {
    const hash = new IdentifierHash(key);
    const first = hash.of('user-0');
    const all = new Set(Array.from({ length: 5000 }, (_, index) => hash.of(`user-${index}`)));

    expect(all.size).toBe(5000);
    expect(hash.size).toBe(1000);
    expect(hash.of('user-0')).toBe(first);
  });
});
