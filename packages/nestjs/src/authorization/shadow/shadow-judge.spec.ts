import { describe, expect, it } from 'vitest';
import { deferred } from '../../../../../test/support/deferred.js';
import { settle } from '../../../../../test/support/stub-pipeline.js';
import { FakeClock } from '../../testing/fake-clock.js';
import type { WsPolicyContext } from '../ws-policy.js';
import { ShadowJudge, type Trial } from './shadow-judge.js';

const TIMEOUT_MS = 5000;
const AT_ONCE = 16;
const CONTEXT = { event: 'order.place' } as WsPolicyContext;

function setUp() {
  const clock = new FakeClock();
  const told: [policy: string, outcome: string][] = [];
  const faults: unknown[] = [];
  const judge = new ShadowJudge(clock, TIMEOUT_MS, {
    differed: (policy, context, outcome, fault) => {
      expect(context).toBe(CONTEXT);
      told.push([policy, outcome]);
      if (fault !== undefined) faults.push(fault.exception);
    },
  });
  /** Tries a rule whose verdict is still to come. */
  const hang = (policy = 'Owner', wasAllowed = true) => {
    const verdict = deferred<boolean | undefined>();
    judge.try(policy, CONTEXT, wasAllowed, () => verdict.promise);
    return verdict;
  };
  return { clock, judge, told, faults, hang };
}

describe('ShadowJudge', () => {
  it.each<readonly [wasAllowed: boolean, verdict: boolean | undefined, outcome: string | undefined]>([
    [true, true, undefined],
    [false, false, undefined],
    [true, false, 'would-refuse'],
    [false, true, 'would-allow'],
    [true, undefined, undefined],
    [false, undefined, undefined],
  ])('AZ-02 tells of a message that was allowed (%s) and is judged %s: %s', async (wasAllowed, verdict, outcome) => {
    const { clock, judge, told } = setUp();
    judge.try('Owner', CONTEXT, wasAllowed, () => Promise.resolve(verdict));
    await settle();
    expect(told).toEqual(outcome === undefined ? [] : [['Owner', outcome]]);
    expect(clock.pending).toBe(0);
  });

  it('DR-24 begins after the message has gone on', async () => {
    const { judge } = setUp();
    let begun = 0;
    judge.try('Owner', CONTEXT, true, () => {
      begun++;
      return Promise.resolve(true);
    });
    await Promise.resolve();
    expect(begun).toBe(0);
    await settle();
    expect(begun).toBe(1);
  });

  it.each<readonly [how: string, fail: (error: Error) => Trial]>([
    ['rejects', (error) => () => Promise.reject(error)],
    [
      'throws',
      (error) => () => {
        throw error;
      },
    ],
  ])('AZ-09 tells of a rule that %s, with what it has thrown', async (_, fail) => {
    const { clock, judge, told, faults } = setUp();
    const error = new Error('broken');
    judge.try('Owner', CONTEXT, true, fail(error));
    await settle();
    expect(told).toEqual([['Owner', 'failed']]);
    expect(faults).toEqual([error]);
    expect(clock.pending).toBe(0);
  });

  it('AZ-02 tells of a message that is not tried', () => {
    const { judge, told } = setUp();
    judge.skip('Owner', CONTEXT);
    expect(told).toEqual([['Owner', 'skipped']]);
  });

  it('DR-24 tries sixteen messages at once, and others again when one has been judged', async () => {
    const { hang, told } = setUp();
    const verdicts = Array.from({ length: AT_ONCE }, () => hang());
    await settle();
    expect(told).toEqual([]);
    hang('Other');
    expect(told).toEqual([['Other', 'skipped']]);
    verdicts[0]?.resolve(true);
    await settle();
    hang('Other');
    expect(told).toHaveLength(1);
    hang('Other');
    expect(told).toHaveLength(2);
  });

  it.each<readonly [how: string, end: (verdict: ReturnType<typeof deferred<boolean | undefined>>) => void]>([
    ['allows', (verdict) => verdict.resolve(true)],
    ['refuses', (verdict) => verdict.resolve(false)],
    ['throws', (verdict) => verdict.reject(new Error('late'))],
  ])('AZ-09 tells once of a rule that answers too late: %s', async (_, end) => {
    const { clock, hang, told, faults } = setUp();
    const verdict = hang();
    await settle();
    clock.advance(TIMEOUT_MS - 1);
    expect(told).toEqual([]);
    clock.advance(1);
    expect(told).toEqual([['Owner', 'timeout']]);
    end(verdict);
    await settle();
    expect(told).toHaveLength(1);
    expect(faults).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('DR-24 tries a rule no more of which sixteen are late, others go on, and again after an answer', async () => {
    const { clock, hang, told } = setUp();
    const late = Array.from({ length: AT_ONCE }, () => hang());
    await settle();
    clock.advance(TIMEOUT_MS);
    expect(told).toEqual(new Array(AT_ONCE).fill(['Owner', 'timeout']));
    told.length = 0;
    hang();
    expect(told).toEqual([['Owner', 'skipped']]);
    // Those that are late hold no place of another rule.
    const others = Array.from({ length: AT_ONCE }, () => hang('Other'));
    expect(told).toHaveLength(1);
    await settle();
    for (const other of others) other.resolve(true);
    late[0]?.resolve(true);
    await settle();
    hang();
    expect(told).toHaveLength(1);
    await settle();
    clock.advance(TIMEOUT_MS);
    expect(told.slice(1)).toEqual([['Owner', 'timeout']]);
    hang();
    expect(told.slice(2)).toEqual([['Owner', 'skipped']]);
  });

  it('DR-24 frees one place for each trial, whichever comes first: its time or its verdict', async () => {
    const { clock, hang, told } = setUp();
    const first = Array.from({ length: AT_ONCE }, (_, at) => hang(`Rule${at}`));
    await settle();
    clock.advance(TIMEOUT_MS);
    for (const verdict of first) verdict.resolve(true);
    await settle();
    told.length = 0;
    for (let at = 0; at < AT_ONCE; at++) hang(`Rule${at}`);
    expect(told).toEqual([]);
    hang('Other');
    expect(told).toEqual([['Other', 'skipped']]);
  });
});
