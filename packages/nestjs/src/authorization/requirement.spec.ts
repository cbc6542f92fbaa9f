import { describe, expect, it } from 'vitest';
import { createPrincipal } from '../core/principal.js';
import { anyOf, missingClaim, requirementProblem } from './requirement.js';

const principal = createPrincipal({
  kind: 'jwt',
  issuer: 'https://id.example.com',
  id: 'alice',
  authenticatedAt: 0,
  roles: ['editor', 'admins'],
  scopes: ['orders:read', 'orders:write'],
});

describe('missingClaim', () => {
  it.each([
    [{ roles: ['editor'] }, true],
    [{ roles: ['owner', 'editor'] }, true],
    [{ roles: ['admin'] }, false],
    [{ scopes: ['orders:read'] }, true],
    [{ scopes: ['orders:read', 'orders:write'] }, true],
    [{ scopes: ['orders:read', 'orders:delete'] }, false],
    [{ roles: ['editor'], scopes: ['orders:delete'] }, false],
    [{ roles: ['admin'], scopes: ['orders:read'] }, false],
    [{ scopes: ['orders'] }, false],
  ])('AZ-10 %j is met: %s', (requirement, met) => {
    expect(missingClaim(requirement, principal) === undefined).toBe(met);
  });
});

describe('requirementProblem', () => {
  class Policy {
    authorize(): boolean {
      return true;
    }
  }

  it.each([[Policy], [{ roles: ['admin'] }], [{ scopes: ['a'], roles: ['b'] }], [anyOf(Policy, { roles: ['admin'] })]])(
    'finds nothing wrong with a requirement',
    (requirement) => {
      expect(requirementProblem(requirement)).toBeUndefined();
    },
  );

  it.each([
    ['a class without authorize()', class NoPolicy {}],
    ['an arrow function', () => true],
    ['an empty object', {}],
    ['an empty list', { roles: [] }],
    ['a string for a list', { roles: 'admin' }],
    ['an empty role', { roles: [''] }],
    ['a misspelt key', { role: ['admin'] }],
    ['null', null],
    ['a list', ['admin']],
    ['a bad member of anyOf', anyOf({ roles: [] })],
  ])('AZ-01 finds %s', (_, requirement) => {
    expect(requirementProblem(requirement)).toBeTypeOf('string');
  });

  it('AZ-01 anyOf() of nothing is an error', () => {
    expect(() => anyOf()).toThrow(TypeError);
  });
});
