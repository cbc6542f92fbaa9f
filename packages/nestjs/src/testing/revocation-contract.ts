import assert from 'node:assert/strict';
import type { Revocation, SecureWsStore } from '../store/secure-ws.store.js';
import { type ContractTest, TOLERANCE_MS } from './lease-contract.js';

const revocation = (key: string, issuedBefore = 1000, ttlMs = 60_000): Revocation => ({ key, issuedBefore, ttlMs });

/** Reads on to the end of the log: by their dates, since a store may hash the keys. */
async function readOn(store: SecureWsStore, after?: string, most = 2) {
  const dates: number[] = [];
  const isContinued: boolean[] = [];
  let position = after;
  for (let isLast = false; !isLast;) {
    const batch = await store.revocations(position, most);
    assert.ok(batch.entries.length <= most);
    dates.push(...batch.entries.map(({ issuedBefore }) => issuedBefore));
    isContinued.push(batch.isContinued);
    ({ position, isLast } = batch);
  }
  return { dates, position: position ?? '', isContinued };
}

/** What a store must do with revocations. */
export function testRevocations(test: ContractTest): void {
  test('SL-04 revoke: refuses what was issued before, by any of its keys, until it is forgotten', async ({
    store,
    pass,
  }) => {
    const asks = async (keys: readonly string[], issuedAt: number): Promise<boolean> =>
      (await store.admit({ identity: { keys, issuedAt } })).isRevoked;
    await store.revoke([revocation('k:a', 1000, 2000), revocation('k:b', Number.MAX_SAFE_INTEGER)]);
    assert.deepEqual(
      [await asks(['k:a'], 999), await asks(['k:a'], 1000), await asks(['k:c', 'k:a'], 0), await asks(['k:c'], 0)],
      [true, false, true, false],
    );
    assert.equal(await asks(['k:b'], 4_102_444_800_000), true);
    await pass(2000 + TOLERANCE_MS);
    assert.deepEqual([await asks(['k:a'], 0), await asks(['k:b'], 0)], [false, true]);
  });

  test('SL-04 revoke: keeps the later date and the longer life, and is taken back by 0', async ({ store, pass }) => {
    await store.revoke([revocation('k:a', 2000, 1000)]);
    await store.revoke([revocation('k:a', 1000, 5000)]);
    await pass(2000);
    assert.equal((await store.admit({ identity: { keys: ['k:a'], issuedAt: 1999 } })).isRevoked, true);
    await store.revoke([revocation('k:a', 0)]);
    assert.equal((await store.admit({ identity: { keys: ['k:a'], issuedAt: 0 } })).isRevoked, false);
    const { entries } = await store.revocations(undefined, 10);
    assert.deepEqual(
      entries.map(({ issuedBefore }) => issuedBefore),
      [0],
    );
    // What was taken back prolongs nothing.
    await store.revoke([revocation('k:a', 1000, 1000)]);
    await pass(1000 + TOLERANCE_MS);
    assert.equal((await store.admit({ identity: { keys: ['k:a'], issuedAt: 0 } })).isRevoked, false);
  });

  test('SL-04 revocations: a reader that was away misses none, in batches', async ({ store }) => {
    const nothing = await store.revocations(undefined, 10);
    assert.deepEqual([nothing.entries, nothing.isLast], [[], true]);
    await store.revoke([1, 2, 3].map((date) => revocation(`k:${date}`, date)));
    const first = await readOn(store, nothing.position);
    assert.deepEqual(first.dates, [1, 2, 3]);
    assert.ok(first.isContinued.every(Boolean));
    assert.deepEqual((await readOn(store, first.position)).dates, []);
    // Once more with a later date is news, and with the same one is none.
    await store.revoke([revocation('k:2', 20), revocation('k:3', 3), revocation('k:4', 4)]);
    assert.deepEqual((await readOn(store, first.position)).dates, [20, 4]);
    assert.deepEqual((await readOn(store)).dates, [1, 3, 20, 4]);
  });

  test('revocations: none that is over, and what is left of the others', async ({ store, pass }) => {
    await store.revoke([revocation('k:short', 1, 1000), revocation('k:long', 2, 10_000)]);
    await pass(2000);
    const { entries } = await store.revocations(undefined, 10);
    assert.deepEqual(
      entries.map(({ issuedBefore }) => issuedBefore),
      [2],
    );
    assert.ok(Math.abs((entries[0]?.ttlMs ?? 0) - 8000) <= TOLERANCE_MS);
  });

  test('SL-04 revocations: a position of another log begins at the beginning, and says so', async ({ store }) => {
    await store.revoke([revocation('k:a')]);
    for (const position of ['', '0', 'another.7', '__proto__', 'x'.repeat(10_000)]) {
      const { dates, isContinued } = await readOn(store, position);
      assert.deepEqual([dates, isContinued[0]], [[1000], false]);
    }
  });

  test('revoke: a thousand at once, and from many sides', async ({ store }) => {
    const dates = Array.from({ length: 1000 }, (_, i) => i + 1);
    const revoke = async (from: number): Promise<void> =>
      store.revoke(dates.slice(from, from + 250).map((date) => revocation(`k:${date}`, date)));
    await Promise.all([0, 250, 500, 750].map(revoke));
    const read = await readOn(store, undefined, 100);
    assert.deepEqual(new Set(read.dates), new Set(dates));
  });
}
