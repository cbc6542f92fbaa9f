import { describe, expect, it } from 'vitest';
import { createPrincipal } from '../core/principal.js';
import { isRecentLogin, stepUpProblem } from './step-up.js';

const NOW = 1_700_000_000_000;

describe('isRecentLogin', () => {
  it.each<readonly [what: string, authenticatedAt: number, maxAgeMs: number, isRecent: boolean]>([
    ['as old as it may be', NOW - 1000, 1000, true],
    ['older by a millisecond', NOW - 1001, 1000, false],
    ['of a clock that is ahead by half a minute', NOW + 30_000, 1000, true],
    ['of one that is further ahead', NOW + 30_001, 1000, false],
    ['that nobody knows the time of, however old it may be', 0, Number.MAX_SAFE_INTEGER, false],
    ['before 1970', -1, Number.MAX_SAFE_INTEGER, false],
    ['in the first millisecond of 1970', 1, Number.MAX_SAFE_INTEGER, true],
    ['that no number holds', NaN, Number.MAX_SAFE_INTEGER, false],
    ['of just now, for an age that is none', NOW, NaN, false],
  ])('AZ-14 of a log-in %s', (_, authenticatedAt, maxAgeMs, isRecent) => {
    const principal = createPrincipal({ issuer: 'test', id: 'alice' });
    expect(isRecentLogin({ ...principal, authenticatedAt }, maxAgeMs, NOW)).toBe(isRecent);
  });
});

describe('stepUpProblem', () => {
  const WHOLE = 'maxAgeMs must be a whole number of milliseconds above 0';

  it.each<readonly [options: unknown, problem: string | undefined]>([
    [{ maxAgeMs: 1 }, undefined],
    [{ maxAgeMs: Number.MAX_SAFE_INTEGER }, undefined],
    [undefined, 'needs { maxAgeMs }'],
    [null, 'needs { maxAgeMs }'],
    [1000, 'needs { maxAgeMs }'],
    [{}, WHOLE],
    [{ maxAgeMs: undefined }, WHOLE],
    [{ maxAgeMs: 0 }, WHOLE],
    [{ maxAgeMs: -1 }, WHOLE],
    [{ maxAgeMs: 1.5 }, WHOLE],
    [{ maxAgeMs: '1000' }, WHOLE],
    [{ maxAgeMs: Infinity }, WHOLE],
    [{ maxAgeMs: 1000, max: 1 }, '"max" is not an option of it; write maxAgeMs'],
    [{ maxAge: 1000 }, '"maxAge" is not an option of it; write maxAgeMs'],
  ])('AZ-14 is told of %j', (options, problem) => {
    expect(stepUpProblem(options)).toBe(problem);
  });
});
