import { describe, expect, it } from 'vitest';
import { ALICE, type GuardSetup, setUpHandshake } from '../../../../test/support/stub-handshake.js';
import { makePrincipal, type Principal } from '../core/principal.js';
import type { AdmissionAnswer } from '../store/secure-ws.store.js';
import { revocationKeysOf } from '../store/store-keys.js';

const LESS = makePrincipal({ ...ALICE, roles: ['guest'] }, { block: ALICE.block, kind: 'jwt', now: 0 });

const rights = (rightsOf: (principal: Principal) => unknown): GuardSetup => ({
  parts: { rightsOf: rightsOf as never },
});

describe('a principal whose credential is good', () => {
  it('SL-05 SL-04 is refused like every failed authentication where it was revoked, and charged to nobody', async () => {
    const { decide, store, guard } = setUpHandshake();
    const [key = ''] = revocationKeysOf(ALICE);
    await store.revoke([{ key, issuedBefore: Number.MAX_SAFE_INTEGER, ttlMs: 60_000 }]);
    const decision = await decide();
    expect(decision).toMatchObject({ status: 401, reason: 'unauthenticated', failure: 'revoked' });
    expect(guard.counts).toEqual({ pending: 0, open: 0 });
    await store.revoke([{ key, issuedBefore: 0, ttlMs: 60_000 }]);
    expect(await decide()).toMatchObject({ admitted: true });
  });

  it('MV-17 is refused for a time where it must stay away', async () => {
    const { decide, store } = setUpHandshake();
    const admit = store.admit.bind(store);
    const away: AdmissionAnswer = {
      ...{ granted: false, backoffMs: 700, isRevoked: false, rateWaitMs: 0 },
      ...{ held: [], replaced: [] },
    };
    store.admit = (admission) => (admission.lease === undefined ? admit(admission) : away);
    const decision = await decide();
    expect(decision).toMatchObject({ status: 429, reason: 'principal-backoff' });
  });

  it.each<[string, GuardSetup, object]>([
    ['may be connected no more', rights(() => undefined), { status: 401, failure: 'revoked' }],
    ['may be connected no more, as it turns out', rights(() => Promise.resolve(undefined)), { failure: 'revoked' }],
    [
      'cannot be looked up',
      rights(() => {
        throw new Error('db');
      }),
      { status: 503, reason: 'authenticator-unavailable' },
    ],
    ['cannot be looked up, as it turns out', rights(() => Promise.reject(new Error('db'))), { status: 503 }],
  ])('SL-05 AN-11 is refused where it %s', async (_, setup, refusal) => {
    const { decide, guard } = setUpHandshake(setup);
    expect(await decide()).toMatchObject({ admitted: false, ...refusal });
    expect(guard.counts).toEqual({ pending: 0, open: 0 });
  });

  it.each<[string, GuardSetup]>([
    ['at once', rights(() => LESS)],
    ['later', rights(() => Promise.resolve(LESS))],
  ])('SL-11 AZ-02 has the rights of now, known %s', async (_, setup) => {
    expect(await setUpHandshake(setup).decide()).toMatchObject({ admitted: true, principal: { roles: ['guest'] } });
  });
});

describe('a process that sheds', () => {
  it('DR-18 DR-21 refuses before anything else, each client for another time', () => {
    const waits = new Set<string | undefined>();
    for (let i = 0; i < 20; i++) {
      const { decide } = setUpHandshake({ parts: { isShedding: () => true } });
      const decision = decide({ method: 'POST' });
      expect(decision).toMatchObject({ status: 503, reason: 'shedding' });
      waits.add(JSON.stringify(decision));
    }
    expect(waits.size).toBeGreaterThan(1);
  });
});
