import { describe, expect, it } from 'vitest';
import { isTestToken, readTestToken, testIdentity } from './test-identity.js';

const NOW = 1_000_000;

describe('testIdentity', () => {
  it('carries everything that a principal has', () => {
    const input = {
      id: 'bob',
      roles: ['trader'],
      scopes: ['orders:write'],
      tenant: 'acme',
      issuer: 'https://id.example.com',
      kind: 'jwt',
      sessionId: 's1',
      tokenId: 't1',
      keyId: 'k1',
      claims: { plan: { name: 'gold' } },
    };
    const { id, key, token } = testIdentity({ ...input, loggedInMsAgo: 60_000 });
    const principal = readTestToken(token, NOW);
    expect(principal).toEqual({ ...input, key, block: 'test', issuedAt: NOW, authenticatedAt: NOW - 60_000 });
    expect(id).toBe('bob');
    expect(key).toBe('["test","https://id.example.com","bob","acme"]');
  });

  it('is frozen at every depth', () => {
    const principal = readTestToken(testIdentity({ claims: { plan: { name: 'gold' } } }).token, NOW);
    expect(Object.isFrozen(principal)).toBe(true);
    expect(Object.isFrozen(principal?.claims['plan'])).toBe(true);
  });

  it('lasts from its handshake by the time of the application', () => {
    const { token } = testIdentity({ expiresInMs: 5000 });
    expect(readTestToken(token, NOW)?.expiresAt).toBe(NOW + 5000);
    expect(readTestToken(testIdentity().token, NOW)).not.toHaveProperty('expiresAt');
  });

  it.each([0, -1, NaN])('refuses to last for %s ms', (expiresInMs) => {
    expect(() => testIdentity({ expiresInMs })).toThrow(TypeError);
  });

  it('fits into the list of subprotocols', () => {
    expect(testIdentity({ id: 'ünïcode "quoted"' }).token).toMatch(/^[A-Za-z0-9._-]+$/);
  });

  it('cannot be made up, nor changed', () => {
    const { token } = testIdentity({ id: 'alice' });
    const [prefix = '', body = '', signature = ''] = token.split('.');
    const admin = Buffer.from(JSON.stringify({ id: 'alice', roles: ['admin'] })).toString('base64url');
    for (const forged of [
      `${prefix}.${admin}.${signature}`,
      `${prefix}.${body}.`,
      `${prefix}.${body}`,
      `${prefix}.${body}.${signature}.`,
      `${prefix}.${body}.${signature.slice(0, -4)}`,
      `other.${body}.${signature}`,
      prefix,
      '',
    ]) {
      expect(readTestToken(forged, NOW)).toBeUndefined();
    }
    expect(readTestToken(token, NOW)).toBeDefined();
  });

  it('leaves other tokens to the application', () => {
    expect(isTestToken(testIdentity().token)).toBe(true);
    expect(isTestToken('eyJhbGciOiJIUzI1NiJ9.e30.AAAA')).toBe(false);
  });
});
