import { describe, expect, it } from 'vitest';
import { createPrincipal, type PrincipalInput } from '../core/principal.js';
import { apiKeyKey, principalKey, REVOCATION_KINDS, revocationKeys, sessionKey } from './store-keys.js';

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
    const kinds = Object.values(revocationKeys).map((make) => make('a', 'b', 'c').split(':')[0]);
    expect(kinds).toHaveLength(new Set(kinds).size);
    expect(new Set(kinds)).toEqual(REVOCATION_KINDS);
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
