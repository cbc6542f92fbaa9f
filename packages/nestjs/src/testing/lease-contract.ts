import assert from 'node:assert/strict';
import type { AdmissionAnswer, Lease, LeaseOverflow, LeasePlace, SecureWsStore } from '../store/secure-ws.store.js';

/** A fresh, empty store under test, and its time. */
export interface StoreUnderTest {
  readonly store: SecureWsStore;
  /** Lets `ms` pass for the store: moves its clock, or waits where it has one of its own. */
  readonly pass: (ms: number) => Promise<void> | void;
  /** Sets the store's clock forward, or back where negative, as an operator or a failover would. */
  readonly step: (ms: number) => Promise<void> | void;
  /** Loses everything that the store holds, as a restart does. Without it the tests of lost data are left out. */
  readonly lose?: () => Promise<void> | void;
}

/** Defines one test, with a store of its own that is closed after it. */
export type ContractTest = (title: string, run: (subject: StoreUnderTest) => Promise<void>) => void;

/** How far the answers of a store with a clock of its own may be off, in milliseconds. */
export const TOLERANCE_MS = 50;

/** Places by key and limit. */
export const places = (...limits: readonly (readonly [key: string, limit: number])[]): readonly LeasePlace[] =>
  limits.map(([key, limit]) => ({ key, limit }));

/** Asks a store for places, and for nothing else. */
export const acquire = <Store extends Pick<SecureWsStore, 'admit'>>(
  store: Store,
  holder: string,
  wanted: readonly LeasePlace[],
  ttlMs: number,
  overflow: LeaseOverflow = 'refuse',
): ReturnType<Store['admit']> =>
  store.admit({ lease: { holder, places: wanted, ttlMs, overflow } }) as ReturnType<Store['admit']>;

/** What an answer says of the places. */
const leased = ({ granted, held, replaced }: AdmissionAnswer): Partial<AdmissionAnswer> => ({
  granted,
  held,
  replaced,
});

/** The lease of a holder. */
export const lease = (holder: string, ...keys: readonly string[]): Lease => ({ holder, keys });

/** What a store must do with leases. */
export function testLeases(test: ContractTest): void {
  test('DR-03 acquire: grants the limit, also at once, and no more', async ({ store }) => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => acquire(store, `holder-${i}`, places(['k:a', 5]), 60_000)),
    );
    assert.equal(answers.filter(({ granted }) => granted).length, 5);
    const refused = await acquire(store, 'one-more', places(['k:a', 5]), 60_000);
    assert.deepEqual(leased(refused), { granted: false, held: [5], replaced: [] });
    const other = await acquire(store, 'other-key', places(['k:b', 5]), 60_000);
    assert.deepEqual(leased(other), { granted: true, held: [1], replaced: [] });
  });

  test('DR-03 acquire: takes every place or none', async ({ store }) => {
    const wanted = places(['k:a', 5], ['k:b', 2], ['k:c', 5]);
    for (const holder of ['one', 'two']) await acquire(store, holder, wanted, 60_000);
    const refused = await acquire(store, 'three', wanted, 60_000);
    assert.deepEqual(leased(refused), { granted: false, held: [2, 2, 2], replaced: [] });
    const probe = await acquire(store, 'probe', places(['k:a', 5], ['k:c', 5]), 60_000);
    assert.deepEqual(probe.held, [3, 3]);
  });

  test('DR-03 acquire: a holder has one place, however often it asks', async ({ store }) => {
    for (let i = 0; i < 3; i++) await acquire(store, 'same', places(['k:a', 2]), 60_000);
    assert.deepEqual((await acquire(store, 'other', places(['k:a', 2]), 60_000)).held, [2]);
    assert.equal((await acquire(store, 'same', places(['k:a', 2]), 60_000)).granted, true);
  });

  test('acquire: a limit below one grants nothing, and replaces nobody', async ({ store }) => {
    await acquire(store, 'one', places(['k:a', 1]), 60_000);
    for (const limit of [0, -1, NaN]) {
      const answer = await acquire(store, 'two', places(['k:a', limit]), 60_000, 'replace-oldest');
      assert.deepEqual(leased(answer), { granted: false, held: [1], replaced: [] });
    }
  });

  test('DR-03 release: gives the places back, once', async ({ store }) => {
    await acquire(store, 'one', places(['k:a', 2], ['k:b', 2]), 60_000);
    await acquire(store, 'two', places(['k:a', 2], ['k:b', 2]), 60_000);
    for (let i = 0; i < 3; i++) await store.release(lease('one', 'k:a', 'k:b'));
    await store.release(lease('never-there', 'k:a', 'k:never-there'));
    assert.deepEqual((await acquire(store, 'three', places(['k:a', 2], ['k:b', 2]), 60_000)).held, [2, 2]);
    assert.equal((await acquire(store, 'four', places(['k:a', 2]), 60_000)).granted, false);
  });

  test('F24 renew: tells who was replaced, and only those, for one ttl', async ({ store, pass }) => {
    await acquire(store, 'one', places(['k:a', 2]), 1000);
    await acquire(store, 'two', places(['k:a', 2]), 60_000);
    await acquire(store, 'one', places(['k:a', 2]), 60_000);
    const answer = await acquire(store, 'three', places(['k:a', 2]), 1000, 'replace-oldest');
    assert.deepEqual(leased(answer), { granted: true, held: [2], replaced: ['one'] });
    const asked = [lease('one', 'k:a'), lease('two', 'k:a'), lease('stranger', 'k:a')];
    assert.deepEqual(await store.renew(asked, 60_000), ['replaced', 'held', 'unknown']);
    await pass(900);
    assert.deepEqual(await store.renew(asked, 60_000), ['replaced', 'held', 'unknown']);
    await pass(100 + TOLERANCE_MS);
    assert.deepEqual(await store.renew(asked, 60_000), ['unknown', 'held', 'unknown']);
  });

  test('acquire: replaces as few as make room in every place', async ({ store }) => {
    await acquire(store, 'two', places(['k:b', 2]), 60_000);
    for (const holder of ['one', 'two']) await acquire(store, holder, places(['k:a', 3], ['k:b', 2]), 60_000);
    await acquire(store, 'three', places(['k:a', 3]), 60_000);
    const answer = await acquire(store, 'four', places(['k:a', 3], ['k:b', 2]), 60_000, 'replace-oldest');
    assert.deepEqual(leased(answer), { granted: true, held: [3, 2], replaced: ['one'] });
  });

  test('F30 release: whom the holder replaced may take its place again', async ({ store }) => {
    await acquire(store, 'old', places(['k:a', 1]), 60_000);
    await acquire(store, 'new', places(['k:a', 1]), 60_000, 'replace-oldest');
    await store.release(lease('new', 'k:a'));
    assert.deepEqual(await store.renew([lease('old', 'k:a')], 60_000), ['unknown']);
    assert.equal((await acquire(store, 'old', places(['k:a', 1]), 60_000)).granted, true);
  });

  test('DR-03 F30 release: a chain of replacements does not bring its first link back', async ({ store }) => {
    await acquire(store, 'first', places(['k:a', 1]), 60_000);
    await acquire(store, 'second', places(['k:a', 1]), 60_000, 'replace-oldest');
    await acquire(store, 'third', places(['k:a', 1]), 60_000, 'replace-oldest');
    await store.release(lease('second', 'k:a'));
    assert.deepEqual(await store.renew([lease('first', 'k:a'), lease('third', 'k:a')], 60_000), ['replaced', 'held']);
  });

  test('DR-03 renew: what a node that died held comes back', async ({ store, pass }) => {
    await acquire(store, 'dead', places(['k:a', 2]), 400);
    await acquire(store, 'alive', places(['k:a', 2]), 400);
    await pass(300);
    assert.deepEqual(await store.renew([lease('alive', 'k:a')], 400), ['held']);
    await pass(200);
    assert.deepEqual(await store.renew([lease('dead', 'k:a'), lease('alive', 'k:a')], 400), ['unknown', 'held']);
    assert.equal((await acquire(store, 'next', places(['k:a', 2]), 400)).granted, true);
    assert.equal((await acquire(store, 'one-more', places(['k:a', 2]), 400)).granted, false);
  });

  test('renew: a batch of five hundred leases is answered in its order', async ({ store }) => {
    const all = Array.from({ length: 500 }, (_, i) => lease(`h${i}`, `k:${i}`, 'k:all'));
    for (const { holder, keys } of all.filter((_, i) => i % 2 === 0)) {
      await acquire(store, holder, places(...keys.map((key) => [key, Infinity] as const)), 60_000);
    }
    const states = await store.renew(all, 60_000);
    assert.deepEqual(
      states,
      all.map((_, i) => (i % 2 === 0 ? 'held' : 'unknown')),
    );
    assert.deepEqual(await store.renew([], 60_000), []);
  });

  test('F24 a clock that steps replaces nobody, and every lease can be taken again', async ({ store, step }) => {
    const { holder, keys } = lease('alive', 'k:a', 'k:b');
    await acquire(store, holder, places(['k:a', 1], ['k:b', 1]), 60_000);
    for (const ms of [3_600_000, -7_200_000]) {
      await step(ms);
      const [state] = await store.renew([{ holder, keys }], 60_000);
      assert.ok(state === 'held' || state === 'unknown', `is ${state}`);
      const again = await acquire(store, holder, places(['k:a', Infinity], ['k:b', Infinity]), 60_000);
      assert.equal(again.granted, true);
      assert.deepEqual(await store.renew([{ holder, keys }], 60_000), ['held']);
      assert.ok((await store.hit('k:a', [{ limit: 3, ttl: 1000 }], 2)) <= 1000);
    }
  });

  test('F24 lost data replaces nobody, and every lease can be taken again', async ({ store, lose }) => {
    if (lose === undefined) return;
    await acquire(store, 'alive', places(['k:a', 1], ['k:b', 1]), 60_000);
    await lose();
    assert.deepEqual(await store.renew([lease('alive', 'k:a', 'k:b')], 60_000), ['unknown']);
    await acquire(store, 'alive', places(['k:a', Infinity], ['k:b', Infinity]), 60_000);
    assert.deepEqual(await store.renew([lease('alive', 'k:a', 'k:b')], 60_000), ['held']);
    assert.equal((await acquire(store, 'one-more', places(['k:a', 1]), 60_000)).granted, false);
  });
}
