import { describe, expect, it } from 'vitest';
import { crashesOf } from '../../../../test/support/stub-pipeline.js';
import { createPrincipal, type Principal } from '../core/principal.js';
import { ANYBODY, AuthorizationPlan, NO_POLICIES } from './authorization-plan.js';
import { allOf, anyOf, type WsRequirement } from './requirement.js';
import { deny, Grant, grant, grantRows, type WsPolicy, type WsPolicyContext } from './ws-policy.js';
import { PolicyGrant } from './policy-grant.js';

const person = (claims: Partial<Principal> = {}): Principal =>
  createPrincipal({ kind: 'jwt', issuer: 'test', id: 'alice', authenticatedAt: 0, ...claims });

const contextOf = (principal = person()): WsPolicyContext =>
  ({ data: {}, principal, event: 'e', id: undefined }) as unknown as WsPolicyContext;

/** A policy class whose answer is whatever `give` makes, types or no types. */
function policy(give: () => unknown): new () => WsPolicy<never> {
  return class {
    authorize(): never {
      return give() as never;
    }
  };
}

const failures: unknown[] = [];
const unclear: unknown[] = [];

const planOf = (requirements: readonly WsRequirement[], isPublic = false): AuthorizationPlan => {
  failures.length = 0;
  unclear.length = 0;
  return new AuthorizationPlan(
    { ...ANYBODY, requirements, isPublic },
    {
      ...NO_POLICIES,
      resolve: (type) => () => new type(),
      onFailed: (_policy, _context, exception) => failures.push(exception),
      onUnclear: (_policy, answer) => unclear.push(answer),
    },
  );
};

/** A promise of another making: it calls back, and returns something of its own. */
const thenable = (answer: unknown, returned: unknown) => () => ({
  then(settle: (value: unknown) => void): unknown {
    settle(answer);
    return returned;
  },
});

describe('AuthorizationPlan', () => {
  it.each<readonly [what: string, given: unknown, isClear: boolean]>([
    ['a forgotten return', undefined, false],
    ['null', null, false],
    ['a word', 'yes', false],
    ['a number', 1, false],
    ['an object', { granted: true }, false],
    ['false', false, true],
    ['deny()', deny(), true],
    ['true', true, true],
    ['grant()', grant('x'), true],
  ])('AZ-09 tells an answer that is none from a denial: %s', async (_, given, isClear) => {
    for (const give of [() => given, () => Promise.resolve(given)]) {
      await planOf([policy(give)]).ask(contextOf());
      expect(unclear).toEqual(isClear ? [] : [given]);
    }
  });

  it.each<readonly [what: string, give: () => unknown]>([
    ['undefined', () => undefined],
    ['null', () => null],
    ['false', () => false],
    ['deny()', () => deny()],
    ['the word true', () => 'true'],
    ['1', () => 1],
    ['an empty object', () => ({})],
    ['an object that looks like a grant', () => ({ resource: {} })],
    ['a Boolean object', () => Object(true) as unknown],
    ['a promise of false', () => Promise.resolve(false)],
    ['a promise of a truthy value', () => Promise.resolve({})],
    ['a thenable that denies and returns true', thenable(false, true)],
    ['a thenable that denies and returns an object', thenable(deny(), {})],
    ['a thenable that denies and returns nothing', thenable(false, undefined)],
    ['a grant inside a list', () => [grant('x')]],
  ])('AZ-09 refuses by %s', async (_, give) => {
    expect(await planOf([policy(give)]).ask(contextOf())).toBeUndefined();
    expect(await planOf([anyOf(policy(give))]).ask(contextOf())).toBeUndefined();
  });

  it.each<readonly [what: string, give: () => unknown, resource: unknown]>([
    ['true', () => true, undefined],
    ['a promise of true', () => Promise.resolve(true), undefined],
    ['a grant', () => grant('the resource'), 'the resource'],
    ['a promise of a grant', () => Promise.resolve(grant('the resource')), 'the resource'],
    ['a thenable of a grant', thenable(grant('the resource'), undefined), 'the resource'],
  ])('AZ-09 allows by %s', async (_, give, resource) => {
    const grants = await planOf([policy(give)]).ask(contextOf());
    expect(grants).toMatchObject(resource === undefined ? [] : [{ resource }]);
    expect(grants).toHaveLength(resource === undefined ? 0 : 1);
  });

  it('AZ-09 DR-14 takes a grant of a promise for a failed policy, and holds its rejection', async () => {
    const crashes = await crashesOf(async () => {
      const given = policy(() => grant(Promise.reject(new Error('late'))));
      await expect((async () => planOf([given]).ask(contextOf()))()).rejects.toThrow('grants a promise');
      const empty = policy(() => grant(Promise.resolve(null)));
      await expect((async () => planOf([empty]).ask(contextOf()))()).rejects.toThrow('grants a promise');
    });
    expect(crashes).toEqual([]);
  });

  it.each<readonly [what: string, give: () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
  ])('AZ-09 lets what a policy %s out, to be refused and audited', async (_, give) => {
    await expect((async () => planOf([policy(give)]).ask(contextOf()))()).rejects.toThrow('broken');
    expect(failures).toEqual([]);
  });

  it.each<readonly [what: string, give: () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['grants rows that nobody takes', () => grantRows({ ownerId: 'alice' })],
  ])('AZ-09 takes an alternative that %s for a no, says so, and asks the next', async (_, give) => {
    const failing = policy(give);
    const untaken = (requirements: readonly WsRequirement[]) =>
      new AuthorizationPlan(
        { requirements, isPublic: false, takesRowsOf: () => false },
        {
          ...NO_POLICIES,
          resolve: (type) => () => new type(),
          onFailed: (_policy, _context, exception) => failures.push(exception),
        },
      );
    failures.length = 0;
    const yes = policy(() => grant('second'));
    expect(await untaken([anyOf(failing, yes)]).ask(contextOf())).toMatchObject([{ policy: yes, resource: 'second' }]);
    expect(await untaken([anyOf(failing, { roles: ['admin'] })]).ask(contextOf())).toBeUndefined();
    expect(await untaken([anyOf(allOf(yes, failing), allOf(failing, yes))]).ask(contextOf())).toBeUndefined();
    expect(failures).toHaveLength(4);
  });

  it.each<readonly [what: string, claims: Partial<Principal>, passes: boolean]>([
    ['has the role', { roles: ['support'] }, true],
    ['has the scopes', { scopes: ['read', 'write'] }, true],
    ['has one of the scopes', { scopes: ['read'] }, false],
    ['has none of them', { roles: ['user'] }, false],
  ])('AZ-10 asks for roles and scopes among alternatives: who %s', async (_, claims, passes) => {
    const no = policy(() => false);
    const plan = planOf([anyOf(no, { roles: ['support'] }, allOf({ scopes: ['read'] }, { scopes: ['write'] }))]);
    expect(await plan.ask(contextOf(person(claims)))).toEqual(passes ? [] : undefined);
  });

  it('AZ-04 hands on only what the branch that passed has granted', async () => {
    const [left, lost] = [policy(() => grant('left')), policy(() => false)];
    const [first, second] = [policy(() => grant('first')), policy(() => Promise.resolve(grant('second')))];
    const late = policy(() => Promise.resolve(grant('late')));
    const plan = planOf([first, anyOf(allOf(left, lost), allOf(late, lost), allOf(second, anyOf(lost, late)))]);
    const grants = (await plan.ask(contextOf())) ?? [];
    expect(grants.map(({ resource }) => resource)).toEqual(['first', 'second', 'late']);
    const atOnce = (await planOf([anyOf(allOf(left, lost), first)]).ask(contextOf())) ?? [];
    expect(atOnce.map(({ resource }) => resource)).toEqual(['first']);
    expect(await planOf([anyOf(allOf(left, lost), { scopes: ['x'] })]).ask(contextOf())).toBeUndefined();
  });

  it('AZ-01 asks no alternative after the one that passes', async () => {
    const asked: string[] = [];
    const ask = (name: string, answer: unknown) =>
      policy(() => {
        asked.push(name);
        return answer;
      });
    const plan = planOf([anyOf(ask('a', false), ask('b', Promise.resolve(true)), ask('c', true)), ask('d', true)]);
    expect(await plan.ask(contextOf())).toEqual([]);
    expect(asked).toEqual(['a', 'b', 'd']);
  });

  it('AZ-01 asks every policy, in order, until one refuses', async () => {
    const asked: string[] = [];
    const ask = (name: string, answer: unknown) =>
      policy(() => {
        asked.push(name);
        return answer;
      });
    const plan = planOf([ask('a', true), ask('b', Promise.resolve(true)), ask('c', false), ask('d', true)]);
    expect(await plan.ask(contextOf())).toBeUndefined();
    expect(asked).toEqual(['a', 'b', 'c']);
  });

  it('AZ-01 keeps the grants apart by their policies', async () => {
    const [first, second] = [policy(() => grant(1)), policy(() => Promise.resolve(grant(2)))];
    const grants = (await planOf([first, second]).ask(contextOf())) ?? [];
    expect(grants.every((granted) => granted instanceof Grant)).toBe(true);
    expect(grants.map((granted) => (granted as PolicyGrant).policy)).toEqual([first, second]);
  });

  it.each<readonly [what: string, principal: Principal, isPublic: boolean, passes: boolean]>([
    ['an anonymous principal nowhere', person({ kind: 'anonymous' }), false, false],
    ['an anonymous principal with the role nowhere', person({ kind: 'anonymous', roles: ['admin'] }), false, false],
    ['an anonymous principal where it is public', person({ kind: 'anonymous' }), true, true],
    ['an authenticated principal', person(), false, true],
  ])('AN-12 admits %s', (_, principal, isPublic, passes) => {
    expect(planOf([], isPublic).missingClaim(principal) === undefined).toBe(passes);
  });

  it.each<readonly [roles: readonly string[], passes: boolean]>([
    [['admin'], true],
    [['user', 'admin'], true],
    [[], false],
    [['xadminx'], false],
    [['ADMIN'], false],
  ])('AZ-10 meets the role admin with %j: %s', (roles, passes) => {
    expect(planOf([{ roles: ['admin'] }]).missingClaim(person({ roles })) === undefined).toBe(passes);
  });
});
