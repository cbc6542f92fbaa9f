import { reconnectAdvice } from '@secure-ws/protocol';
import { beforeEach, describe, expect, it } from 'vitest';

type Plan = { readonly action: 'retry'; readonly delayMs: number } | { readonly action: 'stop' | 'log-in' };
interface Close {
  readonly advice: string;
  readonly attempt: number;
  readonly retryAfterMs?: number | undefined;
  readonly random: () => number;
}

// The page's own file, as the browser gets it: plain JavaScript, so its type is said here.
const file = new URL('../../public/js/reconnect-plan.js', import.meta.url).href;
const { planReconnect, ReconnectAttempts } = (await import(/* @vite-ignore */ file)) as {
  planReconnect: (close: Close) => Plan;
  ReconnectAttempts: new () => {
    worked(): void;
    closed(close: Pick<Close, 'advice' | 'random'>): Plan;
    notFetched(random: () => number): Plan;
  };
};

function plan(code: number, attempt: number, random: number, retryAfterMs?: number): Plan {
  return planReconnect({ advice: reconnectAdvice(code), attempt, random: () => random, retryAfterMs });
}

describe('the reconnect plan of the page', () => {
  it.each([
    [0, 1000],
    [1, 2000],
    [3, 8000],
    [10, 30_000],
    [2000, 30_000],
  ])('backs off with full jitter: attempt %i waits between 0 and %i ms', (attempt, longest) => {
    expect(plan(1006, attempt, 0)).toEqual({ action: 'retry', delayMs: 0 });
    expect(plan(1006, attempt, 1)).toEqual({ action: 'retry', delayMs: longest });
  });

  it.each([1012, 1013, 4029])('waits at least the hint of a %i', (code) => {
    expect(plan(code, 0, 0, 7000)).toEqual({ action: 'retry', delayMs: 7000 });
    expect(plan(code, 0, 1, 7000)).toEqual({ action: 'retry', delayMs: 8000 });
  });

  it('backs off where the hint is missing', () => {
    expect(plan(1012, 2, 1)).toEqual({ action: 'retry', delayMs: 4000 });
  });

  it.each([4001, 4401, 4002, 4003])('comes back soon after a %i, and backs off when that did not help', (code) => {
    expect(plan(code, 0, 1)).toEqual({ action: 'retry', delayMs: 250 });
    expect(plan(code, 2, 1)).toEqual({ action: 'retry', delayMs: 4000 });
  });

  describe.each([4001, 4401])('where a %i refuses a credential', (code) => {
    let attempts = new ReconnectAttempts();
    const random = (): number => 1;
    const closed = (...codes: number[]): Plan[] =>
      codes.map((each) => attempts.closed({ advice: reconnectAdvice(each), random }));
    const actions = (plans: readonly Plan[]): string[] => plans.map(({ action }) => action);

    beforeEach(() => {
      attempts = new ReconnectAttempts();
    });

    it('gives up after three fresh ones', () => {
      expect(actions(closed(code, code, code, code))).toEqual(['retry', 'retry', 'retry', 'stop']);
    });

    it('counts no attempt of an outage before it, and waits as long as after one', () => {
      closed(1006, 1006, 1006);
      const plans = closed(code, code, code, code);
      expect(plans[0]).toEqual({ action: 'retry', delayMs: 8000 });
      expect(actions(plans)).toEqual(['retry', 'retry', 'retry', 'stop']);
    });

    it('counts from the beginning when something else has closed the connection between them', () => {
      expect(actions(closed(code, code, code, 1006, code, code, code, code))).toEqual([
        ...Array<string>(7).fill('retry'),
        'stop',
      ]);
    });

    it('counts from the beginning when the server has answered something', () => {
      closed(code, code, code);
      attempts.worked();
      const plans = closed(code, code, code, code);
      expect(plans[0]).toEqual({ action: 'retry', delayMs: 250 });
      expect(actions(plans)).toEqual(['retry', 'retry', 'retry', 'stop']);
    });

    it('counts no attempt for which none could be fetched, and waits longer after it', () => {
      expect(actions(closed(code, code))).toEqual(['retry', 'retry']);
      expect(attempts.notFetched(random)).toEqual({ action: 'retry', delayMs: 4000 });
      expect(attempts.notFetched(random)).toEqual({ action: 'retry', delayMs: 8000 });
      expect(closed(code)).toEqual([{ action: 'retry', delayMs: 16_000 }]);
      expect(actions(closed(code))).toEqual(['stop']);
    });
  });

  it.each([1002, 1003, 1007, 1009])('gives up after three tries at a %i', (code) => {
    expect([0, 1, 2, 3].map((attempt) => plan(code, attempt, 0.5).action)).toEqual(['retry', 'retry', 'retry', 'stop']);
  });

  it.each([1008, 4403, 4505, 4507, 4508, 4511, 4599])('stops at a %i', (code) => {
    expect(plan(code, 0, 0.5)).toEqual({ action: 'stop' });
  });

  it.each([4504, 4512])('asks for a new log-in after a %i', (code) => {
    expect(plan(code, 0, 0.5)).toEqual({ action: 'log-in' });
  });
});
