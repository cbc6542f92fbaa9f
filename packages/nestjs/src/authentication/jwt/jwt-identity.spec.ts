import { describe, expect, it } from 'vitest';
import { checkJwtIdentity, readJwtIdentity } from './jwt-identity.js';

describe('readJwtIdentity', () => {
  it.each([
    [{}, []],
    [{ scope: '' }, []],
    [{ scope: 'read' }, ['read']],
    [{ scope: 'read write' }, ['read', 'write']],
    [{ scope: ['read', 'write'] }, ['read', 'write']],
    [{ scopes: ['read'] }, ['read']],
    [{ scp: 'read write' }, ['read', 'write']],
    [{ scp: ['read'] }, ['read']],
    [{ scope: 'read', scp: ['read', 'write'], scopes: ['x'] }, ['read', 'x', 'write']],
  ])('reads the scopes of %j', (claims, scopes) => {
    expect(readJwtIdentity({ sub: 'alice', ...claims })).toEqual({ id: 'alice', roles: [], scopes });
  });

  it('J25 never finds a scope inside a longer one', () => {
    expect(readJwtIdentity({ sub: 'alice', scope: 'readadmin' })).toMatchObject({ scopes: ['readadmin'] });
  });

  it.each([
    { roles: 'admin' },
    { roles: { 0: 'admin', length: 1 } },
    { roles: [['admin']] },
    { roles: ['admin', 1] },
    { roles: [''] },
    { roles: ['a\nb'] },
    { scope: {} },
    { scope: ' read' },
    { scope: 'read ' },
    { scope: 'read  write' },
    { scopes: 'read' },
    { scp: [null] },
  ])('J25 refuses %j', (claims) => {
    expect(readJwtIdentity({ sub: 'alice', ...claims })).toBe('bad-claims');
  });

  it.each([
    undefined,
    null,
    '',
    1,
    {},
    ['alice'],
    'a\0',
    'a\u202eb',
    '\ud800',
    '__proto__',
    'constructor',
    'a'.repeat(257),
  ])('J16 refuses the subject %j', (sub) => {
    expect(readJwtIdentity({ sub })).toBe('bad-subject');
  });

  it.each(['a', 'auth0|5f7c', 'ada@example.com', 'Ünïcode 用户', 'a'.repeat(256)])(
    'J16 takes the subject %j',
    (sub) => {
      expect(readJwtIdentity({ sub })).toMatchObject({ id: sub });
    },
  );
});

describe('checkJwtIdentity', () => {
  it('copies the members it knows and no others', () => {
    const identity = { id: 'a', roles: ['r'], scopes: ['s'], tenant: 't', sessionId: 'x', authenticatedAt: 0 };
    expect(checkJwtIdentity({ ...identity, isAdmin: true })).toStrictEqual(identity);
    expect(checkJwtIdentity({ id: 'a' })).toStrictEqual({ id: 'a', roles: [], scopes: [] });
  });

  it.each([undefined, null, 'alice', [], true, {}, { id: 1 }, Promise.resolve({ id: 'a' })])(
    'J16 refuses %j as an identity',
    (value) => {
      expect(checkJwtIdentity(value)).toBe('bad-subject');
    },
  );

  it.each([
    { roles: 'admin' },
    { scopes: 'read' },
    { tenant: '' },
    { tenant: null },
    { sessionId: 7 },
    { authenticatedAt: '2026-01-01' },
    { authenticatedAt: NaN },
    { authenticatedAt: Infinity },
    { authenticatedAt: null },
  ])('J25 AZ-14 refuses %j beside a good id', (members) => {
    expect(checkJwtIdentity({ id: 'a', ...members })).toBe('bad-claims');
  });
});
