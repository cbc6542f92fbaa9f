import { describe, expect, it } from 'vitest';
import { ANYBODY, AuthorizationPlan, NO_POLICIES } from '../authorization/authorization-plan.js';
import { grantRows, type WsPolicyContext } from '../authorization/ws-policy.js';
import { createPrincipal, type PrincipalInput } from '../core/principal.js';
import type { PayloadCheck } from '../validation/payload-run.js';
import { FakeClock } from '../testing/fake-clock.js';
import type { Message } from './message.js';
import type { Refusal } from './refusal.js';
import type { ReplyStream } from './reply-stream.js';
import { judgeStreams } from './stream-rejudging.js';

/** Lets an owner go on, under a filter of his team. */
class Team {
  static asked: unknown[] = [];

  authorize({ data, principal, event, id }: WsPolicyContext) {
    Team.asked.push({ data, who: principal.id, event, id });
    if (principal.roles.includes('broken')) throw new Error('broken');
    return principal.roles.includes('guest') ? false : grantRows({ team: principal.roles[0] });
  }
}

const who = (roles: readonly string[], more: Partial<PrincipalInput> = {}) =>
  createPrincipal({ kind: 'jwt', issuer: 'test', id: 'alice', authenticatedAt: 0, roles, ...more });

function setUp({
  hasPolicy = true,
  stepUpMs = undefined as number | undefined,
  isReported = false,
  hasPlan = true,
  payload = undefined as Pick<PayloadCheck, 'isAsOpen'> | undefined,
} = {}) {
  Team.asked = [];
  const clock = new FakeClock();
  const requirements = [{ roles: ['red', 'blue', 'guest', 'broken'] }, ...(hasPolicy ? [Team] : [])];
  const parts = { ...NO_POLICIES, resolve: () => () => new Team() };
  const authorization = new AuthorizationPlan({ ...ANYBODY, requirements, stepUpMs }, parts);
  const log: unknown[] = [];
  const open = async (id: number) => {
    const context = { data: { id }, principal: who(['red']), connection: {}, event: 'feed', id };
    const message = {
      ...context,
      handler: hasPlan ? { plan: { authorization, isReported, payload } } : undefined,
      source: { engine: { clock, parts: { policyTimeoutMs: 5000 } } },
      grants: (await authorization.ask(context as never)) ?? [],
      renew: (principal: { readonly roles: readonly string[] }) => log.push(['goes on', id, principal.roles[0]]),
      settle: ({ fault, ...refusal }: Refusal) => log.push([id, refusal, ...(fault === undefined ? [] : ['fault'])]),
    };
    return [message as unknown as Message, { end: () => log.push(['ends', id]) } as unknown as ReplyStream] as const;
  };
  return { clock, log, open };
}

const FORBIDDEN = { code: 'FORBIDDEN' };

describe('judgeStreams', () => {
  it.each<[string, readonly string[], object | undefined]>([
    ['goes on with the same rights', ['red'], undefined],
    [
      'ends without its role',
      ['green'],
      { ...FORBIDDEN, reason: 'claims', missing: 'role red or blue or guest or broken' },
    ],
    ['ends where the policy says no', ['guest'], { ...FORBIDDEN, reason: 'policy' }],
    ['ends where the policy grants other rows', ['blue'], { ...FORBIDDEN, reason: 'policy' }],
  ])('SL-11 AZ-06 a stream %s', async (_, roles, refusal) => {
    const { log, open } = setUp();
    const streams = new Map([await open(1)]);
    const conclude = await judgeStreams(streams, who(roles));
    expect(log).toEqual([]);
    conclude();
    expect(log).toEqual(
      refusal === undefined
        ? [['goes on', 1, 'red']]
        : [
            [1, refusal],
            ['ends', 1],
          ],
    );
  });

  it('SL-11 AZ-09 a stream ends where its policy throws, and the operator reads what', async () => {
    const { log, open } = setUp();
    (await judgeStreams(new Map([await open(1)]), who(['broken'])))();
    expect(log).toEqual([
      [1, { ...FORBIDDEN, reason: 'policy-failed' }, 'fault'],
      ['ends', 1],
    ]);
  });

  it('SL-11 asks about the message as it was, for the identity to come', async () => {
    const { open } = setUp();
    const streams = new Map([await open(1)]);
    Team.asked = [];
    await judgeStreams(streams, who(['red'], { id: 'bob' }));
    expect(Team.asked).toEqual([{ data: { id: 1 }, who: 'bob', event: 'feed', id: 1 }]);
  });

  it.each<[string, number, boolean]>([
    ['recent enough', 1000, true],
    ['too old', 1001, false],
  ])('AZ-14 a stream that asks for a recent log-in goes on where it is %s', async (_, agoMs, goesOn) => {
    const { clock, log, open } = setUp({ stepUpMs: 1000 });
    const streams = new Map([await open(1)]);
    (await judgeStreams(streams, who(['red'], { authenticatedAt: clock.now() - agoMs })))();
    expect(log).toHaveLength(goesOn ? 1 : 2);
    if (!goesOn) expect(log[0]).toMatchObject([1, { code: 'STEP_UP_REQUIRED', reason: 'step-up' }]);
  });

  it('SL-11 a stream without a policy is judged by its claims', async () => {
    const { log, open } = setUp({ hasPolicy: false });
    const streams = new Map([await open(1)]);
    (await judgeStreams(streams, who(['blue'])))();
    (await judgeStreams(streams, who(['green'])))();
    expect(log.map((entry) => (entry as unknown[])[0])).toEqual(['goes on', 1, 'ends']);
  });

  it.each<[string, readonly string[], boolean]>([
    ['goes on where what it was asked with is as open as before', ['red', 'blue'], true],
    ['ends where that is closed by now', ['blue'], false],
  ])('AZ-07 SL-11 a stream %s', async (_, roles, goesOn) => {
    const payload = {
      isAsOpen: (before: readonly string[], now: readonly string[]) => !before.includes('red') || now.includes('red'),
    };
    const { log, open } = setUp({ hasPolicy: false, payload });
    (await judgeStreams(new Map([await open(1)]), who(roles)))();
    expect(log[0]).toEqual(goesOn ? ['goes on', 1, 'red'] : [1, { ...FORBIDDEN, reason: 'claims' }]);
  });

  it('lets a handler under migration go on, whatever would be said', async () => {
    const { log, open } = setUp({ isReported: true });
    (await judgeStreams(new Map([await open(1)]), who(['green'])))();
    expect(log).toEqual([['goes on', 1, 'green']]);
  });

  it('SL-11 ends what nobody could judge: a stream without a handler, and one that began meanwhile', async () => {
    const without = setUp({ hasPlan: false });
    (await judgeStreams(new Map([await without.open(1)]), who(['red'])))();
    expect(without.log).toEqual([
      [1, { ...FORBIDDEN, reason: 'policy' }],
      ['ends', 1],
    ]);
    const { log, open } = setUp();
    const streams = new Map([await open(1), await open(2)]);
    const conclude = await judgeStreams(streams, who(['red']));
    const [late, gone] = [await open(3), [...streams.keys()][1] as Message];
    streams.delete(gone);
    streams.set(...late);
    conclude();
    expect(log).toEqual([
      ['goes on', 1, 'red'],
      [3, { ...FORBIDDEN, reason: 'policy' }],
      ['ends', 3],
    ]);
  });
});
