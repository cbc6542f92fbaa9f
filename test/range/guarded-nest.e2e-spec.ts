import { scan, type ScanResult } from '@secure-ws/scanner';
import { describe, expect, it } from 'vitest';
import { GUARD_FLAWS, GUARDED, type GuardFlaw, startGuardedNest } from './guarded-nest.js';

const scanGuarded = async (...flaws: readonly GuardFlaw[]): Promise<ScanResult> =>
  scan({
    target: await startGuardedNest(flaws),
    origin: 'https://app.example.com',
    credentials: { token: GUARDED.token },
    other: { token: GUARDED.tokenB },
    expired: { token: GUARDED.expired },
    messages: GUARDED.messages,
    limits: { connectionsPerSecond: 1000 },
    settleMs: 50,
  });

const idsOf = ({ outcomes }: ScanResult, wanted: string): readonly string[] =>
  outcomes.filter(({ outcome }) => outcome === wanted).map(({ check }) => check);

/** What no guard and no pipe can close: they run behind the handshake, and Nest says nothing to an unknown event. */
const LEFT_OPEN = [
  'foreign-origin',
  'null-origin',
  'foreign-host',
  'malformed-handshake',
  'duplicate-fields',
  'request-smuggling',
  'foreign-subprotocol',
  'event-enumeration',
  'binary-frames',
  'fragments',
  'deep-nesting',
  'oversized-message',
  'handshake-rate',
];

/** What each flaw is found by besides. */
const FOUND_BY: Readonly<Record<GuardFlaw, readonly string[]>> = {
  'no-guard': ['unauthenticated'],
  'decoded-tokens': ['expired-credential', 'forged-token'],
  'expired-tokens': ['expired-credential'],
  'no-owner': ['other-identity'],
  'talkative-filter': ['error-leaks'],
};

describe('a guard and a pipe of Nest', { timeout: 120_000 }, () => {
  it('AN-01 AN-06 SC-06 pass what they see to: credentials are looked at, though each connection is taken', async () => {
    const result = await scanGuarded();
    expect(result.grade.letter).toBe('F');
    expect([...idsOf(result, 'finding')].sort()).toEqual([...LEFT_OPEN].sort());
    expect(idsOf(result, 'passed')).toEqual(
      expect.arrayContaining([
        'unauthenticated',
        'expired-credential',
        'token-in-url',
        'other-identity',
        'forged-token',
        'error-leaks',
      ]),
    );
  });

  it.each(GUARD_FLAWS)('SC-05 SC-06 %s is found, and nothing else', async (flaw) => {
    const result = await scanGuarded(flaw);
    expect(idsOf(result, 'finding').filter((check) => !LEFT_OPEN.includes(check))).toEqual(FOUND_BY[flaw]);
  });
});
