import { describe, expect, it } from 'vitest';
import { settle } from '../../../../../test/support/stub-pipeline.js';
import { createPrincipal } from '../../core/principal.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { ANYBODY, AuthorizationPlan, NO_POLICIES } from '../authorization-plan.js';
import type { WsRequirement } from '../requirement.js';
import type { WsPolicyContext } from '../ws-policy.js';
import { ShadowJudge } from './shadow-judge.js';
import { ShadowRule, type ShadowValidation } from './shadow-rule.js';

/** Allows who owns what the payload names, and notes what it was asked. */
class Owner {
  static asked: WsPolicyContext[] = [];

  authorize(context: WsPolicyContext): boolean {
    Owner.asked.push(context);
    return (context.data as { readonly ownerId?: string } | undefined)?.ownerId === context.principal.id;
  }
}

const editor = { roles: ['editor'] };
const principalOf = (...roles: string[]) =>
  createPrincipal({ kind: 'jwt', issuer: 'test', id: 'alice', authenticatedAt: 0, roles });
const connection = {} as WsPolicyContext['connection'];
const messageOf = (data: unknown, principal = principalOf('editor')): WsPolicyContext => ({
  data,
  principal,
  connection,
  event: 'note.edit',
  id: 7,
});
const own = { ownerId: 'alice' };

function setUp(requirements: readonly WsRequirement[], validate: ShadowValidation = (data) => ({ data })) {
  Owner.asked = [];
  const told: [policy: string, outcome: string][] = [];
  const judge = new ShadowJudge(new FakeClock(), 1000, {
    differed: (policy, _context, outcome) => told.push([policy, outcome]),
  });
  const parts = { ...NO_POLICIES, resolve: () => () => new Owner() };
  const plan = new AuthorizationPlan({ ...ANYBODY, requirements }, parts);
  return { told, rule: new ShadowRule(plan, judge, validate) };
}

describe('ShadowRule', () => {
  it.each<[string, readonly WsRequirement[], WsPolicyContext, boolean, string | undefined]>([
    ['agrees with a yes', [Owner], messageOf(own), true, undefined],
    ['agrees with a no', [Owner], messageOf({}), false, undefined],
    ['would refuse', [Owner], messageOf({}), true, 'would-refuse'],
    ['would allow', [Owner], messageOf(own), false, 'would-allow'],
    ['would refuse for its claims', [{ roles: ['admin'] }], messageOf(own), true, 'would-refuse'],
    ['asks for claims and a policy', [editor, Owner], messageOf(own), false, 'would-allow'],
    ['has policies, and lacks a claim', [{ roles: ['admin'] }, Owner], messageOf(own), true, 'would-refuse'],
  ])('AZ-02 tells of a judged message that it %s', async (_, requirements, message, wasAllowed, outcome) => {
    const { rule, told } = setUp(requirements);
    rule.tryJudged(message, wasAllowed);
    await settle();
    expect(told.map(([, word]) => word)).toEqual(outcome === undefined ? [] : [outcome]);
  });

  it('AZ-02 names the rule in words', async () => {
    const { rule, told } = setUp([editor, Owner]);
    rule.tryJudged(messageOf({}), true);
    await settle();
    expect(told).toEqual([['role editor, Owner', 'would-refuse']]);
  });

  it('AZ-11 judges the message as it was, and gives no policy what the handler gets', async () => {
    const { rule, told } = setUp([Owner]);
    const data = { ownerId: 'alice' };
    const message = messageOf(data);
    rule.tryJudged(message, true);
    data.ownerId = 'bob';
    await settle();
    expect(told).toEqual([]);
    expect(Owner.asked).toEqual([{ ...message, data: own }]);
    expect(Owner.asked[0]?.data).not.toBe(data);
  });

  it('AZ-02 skips a payload that cannot be copied', () => {
    const { rule, told } = setUp([Owner]);
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    rule.tryJudged(messageOf(proxy), true);
    expect(told).toEqual([['Owner', 'skipped']]);
  });

  it.each<[string, readonly WsRequirement[], unknown, string | undefined]>([
    ['whose claims are missing in it as well', [{ roles: ['admin'] }], own, undefined],
    ['that it would allow', [editor], own, 'would-allow'],
    ['whose policy would allow it', [Owner], own, 'would-allow'],
    ['whose policy would refuse it', [Owner], {}, undefined],
  ])('AZ-02 tells of a message that claims have refused, %s', async (_, requirements, data, outcome) => {
    const { rule, told } = setUp(requirements);
    rule.tryUnread(messageOf(data));
    await settle();
    expect(told.map(([, word]) => word)).toEqual(outcome === undefined ? [] : [outcome]);
  });

  it('DR-01 validates no payload of a sender whose claims are missing in it as well', async () => {
    const seen: unknown[] = [];
    const { rule } = setUp([{ roles: ['admin'] }, Owner], (data) => {
      seen.push(data);
      return { data };
    });
    rule.tryUnread(messageOf('raw'));
    await settle();
    expect(seen).toEqual([]);
  });

  it('MV-18 validates what nobody has looked at, for its sender, before a policy is asked', async () => {
    const seen: unknown[] = [];
    const { rule, told } = setUp([Owner], (data, sender) => {
      seen.push([data, sender.id]);
      return Promise.resolve({ data: { ownerId: 'alice', valid: true } });
    });
    const message = messageOf('raw');
    rule.tryUnread(message);
    await settle();
    expect(seen).toEqual([['raw', 'alice']]);
    expect(Owner.asked).toEqual([{ ...message, data: { ownerId: 'alice', valid: true } }]);
    expect(told).toEqual([['Owner', 'would-allow']]);
  });

  it('MV-18 says nothing of a payload that would be refused under both', async () => {
    const { rule, told } = setUp([Owner], () => undefined);
    rule.tryUnread(messageOf(own));
    await settle();
    expect([told, Owner.asked]).toEqual([[], []]);
  });
});
