import { describe, expect, it } from 'vitest';
import { SecureWsBootError } from '../../core/boot-problems.js';
import { createPrincipal } from '../../core/principal.js';
import { CedarEngine, type CedarEngineOptions, type CedarRequest } from './cedar-engine.js';
import type { CedarEntity } from './cedar-values.js';

const SCHEMA = `
entity Group;
entity User in [Group] = { level?: Long };
entity Folder;
entity Photo in [Folder] = { owner: User, secret?: Bool };
action view, share appliesTo { principal: [User], resource: [Photo], context: { note?: String } };
action greet appliesTo { principal: [User], resource: [User] };
`;
const POLICIES = `
permit(principal, action == Action::"view", resource) when { resource.owner == principal };
permit(principal in Group::"staff", action == Action::"view", resource);
permit(principal, action == Action::"view", resource in Folder::"open");
permit(principal, action == Action::"view", resource) when { context has note && context.note == "please" };
permit(principal, action == Action::"greet", resource) when { resource has level && resource.level > 1 };
forbid(principal, action == Action::"view", resource) when { resource has secret && resource.secret };
`;

const alice = createPrincipal({ kind: 'jwt', issuer: 'test', id: 'alice', roles: ['user'], authenticatedAt: 0 });
const owner = { type: 'User', id: 'alice' };
const photo = (attributes: CedarEntity['attributes'] = { owner }): CedarEntity => ({
  type: 'Photo',
  id: '1',
  attributes,
});
const others = (more: CedarEntity['attributes'] = {}) => photo({ owner: { type: 'User', id: 'bob' }, ...more });

function engine(options: Partial<CedarEngineOptions> = {}): CedarEngine {
  const principal: CedarEngineOptions['principal'] = ({ id, roles }) => ({
    type: 'User',
    id,
    parents: roles.map((role) => ({ type: 'Group', id: role })),
  });
  return new CedarEngine({ policies: POLICIES, schema: SCHEMA, principal, ...options });
}

const permits = (request: Partial<CedarRequest>, cedar = engine()) =>
  cedar.permits({ principal: alice, action: 'view', resource: photo(), ...request });

const staff = createPrincipal({ kind: 'jwt', issuer: 'test', id: 'carol', roles: ['staff'], authenticatedAt: 0 });

describe('CedarEngine', () => {
  it.each<[string, Partial<CedarRequest>, boolean]>([
    ['what a policy permits', {}, true],
    ['the object of somebody else', { resource: others() }, false],
    ['an action that no policy names', { action: 'share' }, false],
    ['a group of the principal', { principal: staff, resource: others() }, true],
    ['a forbid that stands against a permit', { resource: photo({ owner, secret: true }) }, false],
    ['a forbid that does not apply', { resource: photo({ owner, secret: false }) }, true],
    ['the context', { resource: others(), context: { note: 'please' } }, true],
    ['another context', { resource: others(), context: { note: 'now' } }, false],
    ['an undefined member of the context', { context: { note: undefined } }, true],
    ['the whole name of an action', { action: { type: 'Action', id: 'view' } }, true],
    [
      'a further entity',
      {
        resource: { ...others(), parents: [{ type: 'Folder', id: 'inner' }] },
        entities: [{ type: 'Folder', id: 'inner' }],
      },
      false,
    ],
    ['the folder of the object', { resource: { ...others(), parents: [{ type: 'Folder', id: 'open' }] } }, true],
  ])('AZ-04 judges %s', (_, request, permitted) => {
    expect(permits(request)).toBe(permitted);
  });

  it.each<[string, Partial<CedarRequest>, string]>([
    ['an action that the schema does not have', { action: 'burn' }, 'Cedar: the request does not fit the schema.'],
    ['an object without its attributes', { resource: photo({}) }, 'Cedar: the request does not fit the schema.'],
    ['a context of another type', { context: { note: 1 } }, 'Cedar: the request does not fit the schema.'],
    ['an object that is none', { resource: undefined as never }, 'The entity of the resource is no entity'],
    ['an action that is none', { action: { type: '', id: 'view' } }, 'The action is no entity'],
    ['an empty action', { action: '' }, 'The action is no entity'],
    ['a context that is none', { context: [] as never }, 'The context is no record'],
    ['a further entity that is none', { entities: [{ type: 'Folder', id: 'x' }, {} as never] }, 'The further entity 1'],
  ])('AZ-09 throws for %s', (_, request, text) => {
    expect(() => permits(request)).toThrow(text);
  });

  it('AZ-09 throws for a principal whose entity is none', () => {
    const cedar = engine({ principal: () => ({ type: 'User' }) as never });
    expect(() => permits({}, cedar)).toThrow('The entity of the principal is no entity');
  });

  it('AZ-09 throws where a policy cannot be evaluated: a forbid that is left out would forbid nothing', () => {
    const policies = `
      permit(principal, action == Action::"greet", resource);
      forbid(principal, action == Action::"greet", resource) when { resource has level && resource.level * 9000000000000000000 > 5 };`;
    const cedar = engine({ policies });
    const greet = (level: number) =>
      permits({ action: 'greet', resource: { type: 'User', id: 'bob', attributes: { level } } }, cedar);
    expect(greet(0)).toBe(true);
    expect(greet(1)).toBe(false);
    expect(() => greet(9)).toThrow('Cedar: not evaluated: policy1 (counted from policy0, in the order of the text).');
  });

  it('AZ-04 takes one entity as principal and resource, and refuses two that differ under one name', () => {
    const self: CedarEntity = { type: 'User', id: 'alice', parents: [{ type: 'Group', id: 'user' }] };
    expect(permits({ action: 'greet', resource: self })).toBe(false);
    const richer: CedarEntity = { ...self, attributes: { level: 9 } };
    expect(() => permits({ action: 'greet', resource: richer })).toThrow('Cedar: two entities of one name differ.');
  });

  it('AZ-01 keeps two engines of different texts apart', () => {
    const [open, closed] = [
      engine({ policies: 'permit(principal, action == Action::"view", resource);' }),
      engine({ policies: 'forbid(principal, action == Action::"view", resource);' }),
    ];
    expect([permits({}, open), permits({}, closed), permits({}, open)]).toEqual([true, false, true]);
  });

  it.each<[string, object, string]>([
    ['no policies', { policies: undefined }, 'CedarEngine.policies'],
    ['no schema', { schema: undefined }, 'CedarEngine.schema'],
    ['no principal', { principal: undefined }, 'CedarEngine.principal: is missing.'],
    ['a principal that is no function', { principal: 'User' }, 'CedarEngine.principal'],
    ['an option that is none', { entities: [] }, 'CedarEngine.entities: is not an option'],
    ['policies that cannot be parsed', { policies: 'permit(principal' }, 'CedarEngine.policies'],
    ['a schema that cannot be parsed', { schema: 'entity' }, 'CedarEngine.schema'],
    ['policies without a policy', { policies: '// later' }, 'has no policy: nobody may do anything.'],
  ])('AZ-01 DP-02 does not boot with %s', (_, options, text) => {
    expect(() => engine(options)).toThrow(SecureWsBootError);
    expect(() => engine(options)).toThrow(text);
  });

  it('DP-02 says of each option that it is missing', () => {
    expect(() => new CedarEngine(undefined as never)).toThrow(/policies[^]*schema[^]*principal/);
  });
});
