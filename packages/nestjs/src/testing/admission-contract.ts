import assert from 'node:assert/strict';
import { type ContractTest, places, TOLERANCE_MS } from './lease-contract.js';

/** A failure waits two seconds, the next one four. */
const BACKOFF = {
  name: 'contract',
  decayPerSecond: 0.01,
  max: 10,
  freeFailures: 1,
  firstDelayMs: 2000,
  maxDelayMs: 8000,
};
const RATE = [{ name: 'contract', limit: 2, ttl: 1000 }];
const ALLOWANCE = [{ name: 'allowance', limit: 1, ttl: 1000 }];

/** What a store must do with admissions. */
export function testAdmissions(test: ContractTest): void {
  test('admit: whoever asks for nothing gets it', async ({ store }) => {
    const answer = { granted: true, rateWaitMs: 0, backoffMs: 0, isRevoked: false, held: [], replaced: [] };
    assert.deepEqual(await store.admit({}), answer);
  });

  test('AN-10 admit: waits for a backoff that doubles, after the failures that cost nothing', async ({
    store,
    pass,
  }) => {
    const left = async (): Promise<number> => (await store.admit({ backoff: { key: 'k:a', rule: BACKOFF } })).backoffMs;
    await store.charge('k:a', 1, BACKOFF);
    assert.equal(await left(), 0);
    for (const delayMs of [2000, 4000, 8000, 8000]) {
      await store.charge('k:a', 1, BACKOFF);
      assert.ok(Math.abs((await left()) - delayMs) <= TOLERANCE_MS, `waits ${await left()} ms`);
    }
    await pass(7000);
    assert.ok(Math.abs((await left()) - 1000) <= TOLERANCE_MS);
    await pass(1000 + TOLERANCE_MS);
    assert.equal((await store.admit({ backoff: { key: 'k:a', rule: BACKOFF } })).granted, true);
  });

  test('AN-10 admit: in backoff takes from the allowance, and only there', async ({ store }) => {
    const backoff = { key: 'k:a', rule: BACKOFF, allowance: ALLOWANCE };
    for (let i = 0; i < 5; i++) assert.equal((await store.admit({ backoff })).granted, true);
    await store.charge('k:a', 5, BACKOFF);
    const answers = [await store.admit({ backoff }), await store.admit({ backoff })];
    assert.deepEqual(
      answers.map(({ granted, backoffMs }) => [granted, backoffMs > 0]),
      [
        [true, false],
        [false, true],
      ],
    );
    assert.equal((await store.admit({ backoff: { ...backoff, allowance: [] } })).granted, true);
    assert.equal((await store.admit({ backoff: { ...backoff, key: 'k:b' } })).granted, true);
  });

  test('admit: takes nothing of anything where one part refuses', async ({ store }) => {
    await store.revoke([{ key: 'k:revoked', issuedBefore: 1000, ttlMs: 60_000 }]);
    await store.charge('k:failed', 5, BACKOFF);
    await store.admit({ lease: { holder: 'other', places: places(['k:full', 1]), ttlMs: 60_000 } });
    const rate = { key: 'k:a', rules: RATE };
    const lease = { holder: 'one', places: places(['k:free', 1]), ttlMs: 60_000 };
    const refused = [
      { rate, lease, backoff: { key: 'k:failed', rule: BACKOFF } },
      { rate, lease, identity: { keys: ['k:other', 'k:revoked'], issuedAt: 999 } },
      { rate, lease: { ...lease, places: places(['k:free', 1], ['k:full', 1]) } },
    ];
    for (const admission of [...refused, ...refused]) assert.equal((await store.admit(admission)).granted, false);
    assert.equal(await store.hit('k:a', RATE, 2), 0);
    const { granted, rateWaitMs } = await store.admit({ rate, lease });
    assert.deepEqual([granted, rateWaitMs > 0], [false, true]);
    assert.deepEqual(await store.renew([{ holder: 'one', keys: ['k:free'] }], 1000), ['unknown']);
  });

  test('admit: a part that only reports refuses nothing', async ({ store }) => {
    await store.charge('k:a', 5, BACKOFF);
    const rate = { key: 'k:a', rules: RATE, isReported: true };
    const backoff = { key: 'k:a', rule: BACKOFF, isReported: true };
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push(await store.admit({ rate, backoff }));
    assert.deepEqual(
      answers.map(({ granted, rateWaitMs, backoffMs }) => [granted, rateWaitMs > 0, backoffMs > 0]),
      [
        [true, false, true],
        [true, false, true],
        [true, true, true],
      ],
    );
  });

  test('DR-03 admit: of a hundred at once as many get in as the narrowest part lets', async ({ store }) => {
    const rate = { key: 'k:a', rules: [{ limit: 20, ttl: 60_000 }] };
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, i) =>
        store.admit({ rate, lease: { holder: `h${i}`, places: places(['k:a', 5]), ttlMs: 60_000 } }),
      ),
    );
    assert.equal(answers.filter(({ granted }) => granted).length, 5);
    assert.equal(await store.hit('k:a', rate.rules, 15), 0);
  });
}
