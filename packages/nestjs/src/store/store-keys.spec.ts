import { describe, expect, it } from 'vitest';
import { createPrincipal, type PrincipalInput } from '../core/principal.js';
import {
  apiKeyKey,
  principalKey,
  REVOCATION_KINDS,
  revocationKeys,
  revocationKeysOf,
  sessionKey,
} from './store-keys.js';

const BASE: PrincipalInput = { kind: 'jwt', issuer: 'https://id.example.com', id: 'u1', authenticatedAt: 0 };

describe('store keys', () => {
  it('DR-03 tell principals of two tenants and two issuers apart', () => {
    const keys = [BASE, { ...BASE, tenant: 't1' }, { ...BASE, issuer: 'https://other.example.com' }].map((input) =>
      principalKey(createPrincipal(input)),
    );
    expect(new Set(keys).size).toBe(3);
  });

  it('tell sessions of two issuers apart, whatever their names', () => {
    const one = createPrincipal({ ...BASE, issuer: 'a', sessionId: 'b","c' });
    const two = createPrincipal({ ...BASE, issuer: 'a","b', sessionId: 'c' });
    expect(sessionKey(one)).not.toBe(sessionKey(two));
  });

  it('DR-16 of revocations begin with a kind of the list, each with its own', () => {
    const kinds = Object.values(revocationKeys).map((make) => make('a', 'b', 'ours').split(':')[0]);
    expect(kinds).toHaveLength(new Set(kinds).size);
    expect(new Set(kinds)).toEqual(REVOCATION_KINDS);
  });

  it.each<[what: string, clocks: readonly ('ours' | undefined)[], changes: Partial<PrincipalInput>]>([
    ['a token', [undefined], { claims: { iss: BASE.issuer, sub: 'a', iat: 7 }, issuedAt: 7000 }],
    ['a token without a date', [undefined, 'ours'], { claims: { iss: BASE.issuer, sub: 'a' }, issuedAt: 0 }],
    ['the claims of another', [undefined, 'ours'], { claims: { iss: 'other', sub: 'a', iat: 7 }, issuedAt: 7000 }],
    ['claims of another date', [undefined, 'ours'], { claims: { iss: BASE.issuer, sub: 'a', iat: 7 }, issuedAt: 7001 }],
  ])('SL-04 are those of a date of this server too, but where it is that of the issuer: %s', (_, clocks, changes) => {
    const keys = revocationKeysOf(createPrincipal({ ...BASE, ...changes }));
    const { subject, nameless } = revocationKeys;
    const expected = clocks.flatMap((clock) => [subject(BASE.issuer, 'a', clock), nameless(BASE.issuer, 'a', clock)]);
    expect(keys.filter((key) => /^(subject|nameless):/.test(key))).toEqual(expected);
  });

  it('are absent where the credential names nothing', () => {
    const principal = createPrincipal(BASE);
    expect([sessionKey(principal), apiKeyKey(principal)]).toEqual([undefined, undefined]);
  });

  it('DR-03 take a keyId for an API key only where it is one: the key that signs tokens is everybody’s', () => {
    expect(apiKeyKey(createPrincipal({ ...BASE, keyId: 'k1' }))).toBeUndefined();
    expect(apiKeyKey(createPrincipal({ ...BASE, kind: 'api-key', keyId: 'k1' }))).toBe(
      'api-key:["api-key","https://id.example.com","k1"]',
    );
  });
});
