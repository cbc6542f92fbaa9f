import { describe, expect, it } from 'vitest';
import { createPrincipal, makePrincipal, PrincipalError } from './principal.js';

const SOURCE = { block: 'authentication.authenticators[0]', kind: 'api-key', now: 1000 };
const ALICE = { issuer: 'keys', id: 'alice' };

class Account {
  readonly #secret = 'hidden';
  constructor(readonly plan: string) {}
  describe(): string {
    return this.plan + this.#secret;
  }
}

describe('makePrincipal', () => {
  it('AN-14 fills what an authenticator leaves out, and freezes every part', () => {
    const principal = makePrincipal({ ...ALICE, claims: { address: { cities: ['Bern'] } } }, SOURCE);
    expect(principal).toEqual({
      ...ALICE,
      key: '["authentication.authenticators[0]","keys","alice"]',
      block: 'authentication.authenticators[0]',
      kind: 'api-key',
      roles: [],
      scopes: [],
      issuedAt: 1000,
      authenticatedAt: 0,
      claims: { address: { cities: ['Bern'] } },
    });
    const { roles, scopes, claims } = principal;
    const address = claims['address'] as { cities: string[] };
    for (const part of [principal, roles, scopes, claims, address, address.cities]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['expiresAt', { expiresAt: new Date(9_000) }],
    ['expiresAt', { expiresAt: '9000' }],
    ['expiresAt', { expiresAt: 9000n }],
    ['expiresAt', { expiresAt: Number.NaN }],
    ['expiresAt', { expiresAt: Infinity }],
    ['expiresAt', { expiresAt: null }],
    ['authenticatedAt', { authenticatedAt: 'now' }],
    ['roles', { roles: 'admin' }],
    ['roles', { roles: { 0: 'admin', length: 1 } }],
    ['roles', { roles: new Set(['admin']) }],
    ['roles', { roles: ['admin', 1] }],
    // A hole, which every() would pass over.
    ['roles', { roles: Object.assign(Array<string>(2), { 1: 'admin' }) }],
    ['scopes', { scopes: 'orders:read orders:write' }],
    ['scopes', { scopes: [''] }],
    ['id', { id: undefined }],
    ['id', { id: 7 }],
    ['id', { id: '__proto__' }],
    ['id', { id: 'alice\u0000' }],
    ['id', { id: 'alice\u202e' }],
    ['id', { id: 'a'.repeat(257) }],
    ['issuer', { issuer: '' }],
    ['tenant', { tenant: 'a\nb' }],
    ['tenant', { tenant: null }],
    ['sessionId', { sessionId: 5 }],
    ['tokenId', { tokenId: {} }],
    ['keyId', { keyId: 'constructor' }],
    ['kind', { kind: 1 }],
    ['claims', { claims: ['a'] }],
    ['claims', { claims: 'sub' }],
  ])('F05 AZ-10 takes no principal with a wrong %s (%#)', (name, change) => {
    const make = () => makePrincipal({ ...ALICE, ...change }, SOURCE);
    expect(make).toThrow(PrincipalError);
    expect(make).toThrow(`${SOURCE.block} answered a principal whose ${name} `);
  });

  it.each([undefined, null, true, 'alice', 7])('F05 takes no principal that is %s', (answer) => {
    expect(() => makePrincipal(answer, SOURCE)).toThrow('answered no principal');
  });

  it('F05 reads each field once, so that what is checked is what is kept', () => {
    let reads = 0;
    const answer = {
      issuer: 'keys',
      get id() {
        reads += 1;
        return reads === 1 ? 'alice' : 'mallory\u0000';
      },
    };
    expect(makePrincipal(answer, SOURCE)).toMatchObject({
      id: 'alice',
      key: expect.stringContaining('alice') as string,
    });
    expect(reads).toBe(1);
  });

  it('F43 leaves the objects of the application as they are, and is not changed with them', () => {
    const roles = ['member'];
    const born = new Date(0);
    const account = new Account('free');
    const claims = { nested: { deep: [1] }, born, account };
    const answer = { ...ALICE, roles, claims };
    const principal = makePrincipal(answer, SOURCE);
    for (const own of [answer, roles, claims, claims.nested, claims.nested.deep, account]) {
      expect(Object.isFrozen(own)).toBe(false);
    }
    roles.push('admin');
    claims.nested.deep.push(2);
    born.setTime(1);
    Object.assign(account, { plan: 'gold' });
    expect(principal.roles).toEqual(['member']);
    expect(principal.claims).toEqual({ nested: { deep: [1] }, born: new Date(0), account: { plan: 'free' } });
    expect(Object.isFrozen(principal.claims['account'])).toBe(true);
  });

  it('AN-14 keeps a claim named __proto__ from reaching the prototype', () => {
    const claims = JSON.parse('{"__proto__":{"admin":true}}') as Record<string, unknown>;
    const copy = makePrincipal({ ...ALICE, claims }, SOURCE).claims;
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    expect(copy['admin']).toBeUndefined();
  });

  it('F26 keeps block, issuer, tenant and id apart in the key', () => {
    const keys = [
      makePrincipal(ALICE, SOURCE),
      makePrincipal(ALICE, { ...SOURCE, block: 'AdminGateway @SecureGateway.authentication.authenticators[0]' }),
      makePrincipal({ ...ALICE, issuer: 'keys","alice' }, SOURCE),
      makePrincipal({ ...ALICE, tenant: 't1' }, SOURCE),
      makePrincipal({ ...ALICE, id: 'bob' }, SOURCE),
    ].map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    // The kind is for show: two of one block are one principal.
    expect(makePrincipal({ ...ALICE, kind: 'other' }, SOURCE).key).toBe(keys[0]);
  });
});

describe('createPrincipal', () => {
  it('F05 makes and refuses the same as for an authenticator', () => {
    expect(createPrincipal({ ...ALICE, kind: 'jwt', authenticatedAt: 5 })).toMatchObject({
      kind: 'jwt',
      block: 'jwt',
      authenticatedAt: 5,
    });
    expect(() => createPrincipal({ ...ALICE, roles: 'admin' as never })).toThrow(TypeError);
  });
});
