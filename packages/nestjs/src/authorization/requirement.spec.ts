import { describe, expect, it } from 'vitest';
import { createPrincipal } from '../core/principal.js';
import { missingClaim } from './missing-claim.js';
import {
  allOf,
  anyOf,
  grantsTogether,
  policiesOf,
  requirementProblem,
  requirementsText,
  type WsRequirement,
} from './requirement.js';

const principal = createPrincipal({
  kind: 'jwt',
  issuer: 'https://id.example.com',
  id: 'alice',
  authenticatedAt: 0,
  roles: ['editor', 'admins'],
  scopes: ['orders:read', 'orders:write'],
});

describe('missingClaim', () => {
  class Policy {
    authorize(): boolean {
      return true;
    }
  }
  const admin = { roles: ['admin'] };
  const editor = { roles: ['editor'] };

  it.each<readonly [requirement: WsRequirement, missing: string | undefined]>([
    [{ roles: ['editor'] }, undefined],
    [{ roles: ['owner', 'editor'] }, undefined],
    [{ roles: ['admin'] }, 'role admin'],
    [{ scopes: ['orders:read'] }, undefined],
    [{ scopes: ['orders:read', 'orders:write'] }, undefined],
    [{ scopes: ['orders:read', 'orders:delete'] }, 'scope orders:delete'],
    [{ roles: ['editor'], scopes: ['orders:delete'] }, 'scope orders:delete'],
    [{ roles: ['admin'], scopes: ['orders:read'] }, 'role admin'],
    [{ scopes: ['orders'] }, 'scope orders'],
    [anyOf(admin, editor), undefined],
    [anyOf(admin, { scopes: ['x'] }), 'role admin or scope x'],
    [anyOf(allOf(editor, admin), allOf(admin, editor)), 'role admin or role admin'],
    [allOf(editor, { scopes: ['orders:read'] }), undefined],
    [allOf(editor, admin), 'role admin'],
    // What a policy may still decide is not missing; what it cannot change is.
    [Policy, undefined],
    [anyOf(admin, Policy), undefined],
    [anyOf(admin, allOf(editor, Policy)), undefined],
    [anyOf(admin, allOf(Policy, admin)), 'role admin or role admin'],
    [allOf(Policy, admin), 'role admin'],
  ])('AZ-10 AZ-12 of %j is told before anything of the message is looked at', (requirement, missing) => {
    expect(missingClaim(requirement, principal)).toBe(missing);
  });
});

describe('grantsTogether', () => {
  class One {
    authorize(): boolean {
      return true;
    }
  }
  class Two extends One {}

  it.each<readonly [what: string, requirements: readonly WsRequirement[], all: number, ofOne: number]>([
    ['nothing', [], 0, 0],
    ['claims', [{ roles: ['a'] }], 0, 0],
    ['two policies', [One, Two], 2, 1],
    ['one policy twice', [One, One], 2, 2],
    ['two alternatives', [anyOf(One, Two)], 1, 1],
    ['one policy in two alternatives', [anyOf(One, allOf(One, { roles: ['a'] }))], 1, 1],
    ['both in one alternative', [anyOf(One, allOf(One, Two))], 2, 1],
    ['one beside its alternative', [One, anyOf(One, Two)], 2, 2],
    ['a group of all', [allOf(One, allOf(Two, One))], 3, 2],
  ])('AZ-04 counts what can be granted for one message: %s', (_, requirements, all, ofOne) => {
    expect(grantsTogether(requirements)).toBe(all);
    expect(grantsTogether(requirements, (policy) => policy === One)).toBe(ofOne);
  });
});

describe('requirementProblem', () => {
  class Policy {
    authorize(): boolean {
      return true;
    }
  }

  it.each([
    [Policy],
    [{ roles: ['admin'] }],
    [{ scopes: ['a'], roles: ['b'] }],
    [anyOf(Policy, { roles: ['admin'] })],
    [anyOf(Policy, allOf(Policy, { scopes: ['a'] }))],
  ])('finds nothing wrong with a requirement', (requirement) => {
    expect(requirementProblem(requirement)).toBeUndefined();
  });

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
    ['a bad member of allOf in anyOf', anyOf(allOf({ roles: ['a'] }, {}))],
  ])('AZ-01 finds %s', (_, requirement) => {
    expect(requirementProblem(requirement)).toBeTypeOf('string');
  });

  it('AZ-01 anyOf() and allOf() of nothing are errors', () => {
    expect(() => anyOf()).toThrow(TypeError);
    expect(() => allOf()).toThrow(TypeError);
  });
});

describe('requirementsText', () => {
  class Owner {
    authorize(): boolean {
      return true;
    }
  }

  it.each<readonly [requirements: readonly WsRequirement[], text: string]>([
    [[], 'any authenticated principal'],
    [[{ roles: ['admin'] }], 'role admin'],
    [[{ roles: ['admin', 'auditor'] }], 'role admin or auditor'],
    [[{ scopes: ['a', 'b'] }], 'scope a, scope b'],
    [[{ roles: ['admin'], scopes: ['a'] }, Owner], 'role admin, scope a, Owner'],
    [[anyOf(Owner, { roles: ['support'] })], 'any of (Owner; role support)'],
    [[allOf(Owner, { roles: ['support'] })], 'all of (Owner; role support)'],
    [[anyOf(Owner, allOf({ roles: ['a'] }, { scopes: ['b'] }))], 'any of (Owner; all of (role a; scope b))'],
  ])('AZ-01 says %j in words', (requirements, text) => {
    expect(requirementsText(requirements)).toBe(text);
  });

  it('AZ-01 finds the policies of requirements, those of groups too, in their order', () => {
    class Ticket extends Owner {}
    expect(policiesOf([{ roles: ['a'] }, anyOf({ roles: ['b'] }, allOf(Ticket, Owner)), Owner])).toEqual([
      Ticket,
      Owner,
      Owner,
    ]);
  });

  it('AZ-01 keeps a group as it was made', () => {
    const members = [Owner, { roles: ['a'] }];
    for (const group of [anyOf(...members), allOf(...members)]) {
      expect(group.members).toEqual(members);
      expect(Object.isFrozen(group.members)).toBe(true);
    }
  });

  it.each<readonly [requirement: unknown, problem: string]>([
    [class NoPolicy {}, 'NoPolicy has no authorize() method: it is not a policy class'],
    [() => true, 'a function without a name has no authorize() method: it is not a policy class'],
    [null, 'a requirement is a policy class, { roles, scopes }, anyOf(...) or allOf(...)'],
    ['admin', 'a requirement is a policy class'],
    [['admin'], 'a requirement is a policy class'],
    [{ role: ['admin'] }, '"role" is not a requirement; write roles or scopes'],
    [{ shadows: Owner }, '"shadows" is not a requirement; write shadow'],
    [new Owner(), 'it is given a made Owner; write the class Owner'],
    [anyOf(Owner, new Owner() as never), 'it is given a made Owner; write the class Owner'],
    [undefined, 'a requirement is undefined: its file and this one import each other'],
    [{ roles: ['a', ''] }, 'roles must be a list of at least one non-empty string'],
    [{ roles: ['a', 1] }, 'roles must be a list of at least one non-empty string'],
    [{ roles: ['a'], scopes: [] }, 'scopes must be a list of at least one non-empty string'],
    [{}, 'a requirement names roles or scopes'],
    [anyOf({ roles: ['a'] }, {}), 'a requirement names roles or scopes'],
  ])('AZ-01 says what is wrong with %o', (requirement, problem) => {
    expect(requirementProblem(requirement)).toContain(problem);
  });
});
