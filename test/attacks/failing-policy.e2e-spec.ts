import { Injectable } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Denial, grant, WsAuthorize, type WsPolicy, type WsPolicyDecision } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { watchForCrashes } from '../support/crash-watch.js';
import { deferred } from '../support/deferred.js';
import { expectError } from '../support/error-frame.js';
import { FakeClock } from '../support/fake-clock.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { type AppShape, startApp } from '../support/start-app.js';

class Verdict {
  calls = 0;
  give: () => unknown = () => true;
}

@Injectable()
class ScriptedPolicy implements WsPolicy {
  constructor(private readonly verdict: Verdict) {}

  authorize(): WsPolicyDecision {
    this.verdict.calls += 1;
    return this.verdict.give() as WsPolicyDecision;
  }
}

@WebSocketGateway({ path: '/judged' })
class JudgedGateway {
  handled = 0;

  @WsAuthorize(ScriptedPolicy)
  @SubscribeMessage('act')
  act(): { done: boolean } {
    this.handled += 1;
    return { done: true };
  }
}

const start = async (give: () => unknown, clock?: FakeClock, options: AppShape['options'] = {}) => {
  const verdict = new Verdict();
  verdict.give = give;
  const app = await startApp({
    providers: [JudgedGateway, ScriptedPolicy, { provide: Verdict, useValue: verdict }],
    options,
    ...(clock === undefined ? {} : { clock }),
  });
  const client = await connect(`${app.url}/judged`, { token: app.token() });
  return { app, client, verdict, gateway: app.app.get(JudgedGateway) };
};

const MARKER = 'db-password-1234';
const REFUSALS: readonly (readonly [what: string, give: () => unknown])[] = [
  ['false', () => false],
  ['undefined', () => undefined],
  ['null', () => null],
  ['"true"', () => 'true'],
  ['"false"', () => 'false'],
  ['1', () => 1],
  ['an empty object', () => ({})],
  ['an empty list', () => []],
  ['a bare { resource }', () => ({ resource: {} })],
  ['a boxed true', () => Object(true) as unknown],
  ['a denial', () => new Denial()],
  ['a class', () => Denial],
  ['the function grant', () => grant],
  ['a function', () => () => true],
  [
    'a thrown error',
    () => {
      throw new Error(MARKER);
    },
  ],
  [
    'a thrown string',
    () => {
      throw MARKER;
    },
  ],
  [
    'a thrown undefined',
    () => {
      throw undefined;
    },
  ],
  [
    'a thrown true',
    () => {
      throw true;
    },
  ],
  ['a promise of "true"', () => Promise.resolve('true')],
  ['a promise of undefined', () => Promise.resolve(undefined)],
  ['a promise of false', () => Promise.resolve(false)],
  ['a rejection', () => Promise.reject(new Error(MARKER))],
  ['a rejection with true', () => Promise.reject(true)],
  ['a rejection with undefined', () => Promise.reject(undefined)],
  [
    'a thenable that throws',
    () => ({
      then: () => {
        throw new Error(MARKER);
      },
    }),
  ],
];

describe('a policy', () => {
  it.each(REFUSALS)('AZ-09 refuses by %s', async (what, give) => {
    const crashes = watchForCrashes();
    const { app, client, verdict, gateway } = await start(give);
    const reply = await client.request('act');
    expectError(reply, 'FORBIDDEN');
    expect(JSON.stringify(reply)).not.toContain(MARKER);
    expect(verdict.calls).toBe(1);
    expect(gateway.handled).toBe(0);
    // The client cannot tell a policy that failed from one that refused; the operator can.
    const reason = /thrown|throws|rejection/.test(what) ? 'policy-failed' : 'policy';
    expect(app.events.ofType('ws.message.refused')).toMatchObject([{ code: 'FORBIDDEN', reason }]);
    // The next message finds its slot free.
    expectError(await client.request('act'), 'FORBIDDEN');
    expect(crashes).toEqual([]);
  });

  it.each<readonly [what: string, give: () => unknown]>([
    ['true', () => true],
    ['a grant', () => grant({})],
    ['a grant of nothing', () => grant(undefined)],
    ['a promise of true', () => Promise.resolve(true)],
    ['a promise of a grant', () => Promise.resolve(grant(1))],
  ])('AZ-09 allows by %s', async (_, give) => {
    const { client, gateway } = await start(give);
    expect(await client.request('act')).toMatchObject({ event: 'act', data: { done: true } });
    expect(gateway.handled).toBe(1);
  });

  it('AZ-09 refuses when it does not answer in time, and a late yes runs nothing', async () => {
    const clock = new FakeClock(Date.now());
    const answer = deferred<boolean>();
    const { client, verdict, gateway } = await start(() => answer.promise, clock);
    const reply = client.request('act');
    await until(() => verdict.calls === 1, 'the policy is asked');
    clock.advance(6000);
    expectError(await reply, 'FORBIDDEN');

    answer.resolve(true);
    verdict.give = () => false;
    expectError(await client.request('act'), 'FORBIDDEN');
    expect(gateway.handled).toBe(0);
    expect(client.unread).toEqual([]);
  });
});

describe('somebody who asks what is there', () => {
  const throwing = (): never => {
    throw new Error(MARKER);
  };
  const scoreAfterOne = async (give: () => unknown): Promise<number> => {
    const clock = new FakeClock(Date.now());
    const { app, client, verdict } = await start(give, clock, {
      throttling: { violations: { budget: 2, decayPerSecond: 0.01 } },
    });
    client.send('act', undefined, 1);
    await until(() => verdict.calls === 1, 'the policy is asked');
    clock.advance(6000);
    const exceeded = await app.events.seen('ws.violations.exceeded');
    return exceeded.score;
  };

  it('MV-17 F27 is charged the same, whether a policy denies, throws or never answers', async () => {
    const denied = await scoreAfterOne(() => false);
    expect(denied).toBeGreaterThan(2);
    expect(await scoreAfterOne(throwing)).toBe(denied);
    expect(await scoreAfterOne(() => new Promise(() => undefined))).toBeCloseTo(denied, 0);
  });
});
