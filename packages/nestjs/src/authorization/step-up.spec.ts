import { describe, expect, it } from 'vitest';
import { createPrincipal } from '../core/principal.js';
import { isRecentLogin } from './step-up.js';

const NOW = 1_700_000_000_000;

describe('isRecentLogin', () => {
  it.each<readonly [what: string, authenticatedAt: number, maxAgeMs: number, isRecent: boolean]>([
    ['as old as it may be', NOW - 1000, 1000, true],
    ['older by a millisecond', NOW - 1001, 1000, false],
    ['of a clock that is ahead by half a minute', NOW + 30_000, 1000, true],
    ['of one that is further ahead', NOW + 30_001, 1000, false],
    ['that nobody knows the time of, however old it may be', 0, Number.MAX_SAFE_INTEGER, false],
    ['before 1970', -1, Number.MAX_SAFE_INTEGER, false],
  ])('AZ-14 of a log-in %s', (_, authenticatedAt, maxAgeMs, isRecent) => {
    const principal = createPrincipal({ issuer: 'test', id: 'alice', authenticatedAt });
    expect(isRecentLogin(principal, maxAgeMs, NOW)).toBe(isRecent);
  });
});
