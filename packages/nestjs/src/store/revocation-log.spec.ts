import { describe, expect, it } from 'vitest';
import { RevocationLog } from './revocation-log.js';
import { revocationKeys } from './store-keys.js';

const fill = (log: RevocationLog, keys: readonly string[]): void => {
  for (const key of keys) log.revoke([{ key, issuedBefore: 1000, ttlMs: 60_000 }], 0);
};

describe('RevocationLog', () => {
  it('SL-05 DR-16 has room for each kind of revocation by itself', () => {
    const log = new RevocationLog(2);
    const { session, ban, principal, subject, nameless, token, apiKey, signingKey, certificate } = revocationKeys;
    fill(log, [session('i', '1'), session('i', '2')]);
    expect(() => fill(log, [session('i', '3')])).toThrow('full');

    fill(log, [ban('[1]'), principal('[1]'), subject('i', '1'), nameless('i', '1'), token('i', '1')]);
    fill(log, [apiKey('1'), signingKey('i', '1'), certificate('1')]);
    expect(log.isRevoked([ban('[1]')], 0, 0)).toBe(true);
    expect(log.isRevoked([ban('[2]')], 0, 0)).toBe(false);
  });

  // What a shared store answers is not of our making.
  it.each([
    ['kinds that somebody made up', (n: number) => `kind-${n}:["x"]`],
    ['names of a prototype', (n: number) => ['__proto__:1', 'constructor:1', 'toString:1'][n] ?? ''],
    ['keys without a kind', (n: number) => `${n}-key`],
    ['keys that are empty before the colon', (n: number) => `:${n}`],
  ])('DR-16 does not grow by %s', (_, keyOf) => {
    const log = new RevocationLog(2);
    fill(log, [keyOf(0), keyOf(1)]);
    expect(() => fill(log, [keyOf(2)])).toThrow('full');
    expect(log.isRevoked([keyOf(0)], 0, 0)).toBe(true);
    expect(log.size).toBe(2);
  });
});
