import assert from 'node:assert/strict';
import type { SecureWsStore } from '../store/secure-ws.store.js';
import { SecureWsStoreError } from '../store/store.error.js';

/** A fresh, empty store under test, and its time. */
export interface StoreUnderTest {
  readonly store: SecureWsStore;
  /** Lets `ms` pass for the store: moves its clock, or waits where it has one of its own. */
  readonly pass: (ms: number) => Promise<void> | void;
  /** The store's wall clock, in milliseconds since 1970. */
  readonly now: () => number;
}

/** What the contract needs of a test runner: `describe` and `it` of vitest, Jest or `node:test`. */
export interface StoreContractRunner {
  /** Groups tests. */
  readonly describe: (name: string, define: () => void) => unknown;
  /** Defines one test. */
  readonly it: (title: string, run: () => Promise<void>) => unknown;
}

/** How far the answers of a store with a clock of its own may be off, in milliseconds. */
const TOLERANCE_MS = 50;

/**
 * Defines the tests that every {@link SecureWsStore} must pass. Nothing of a test runner is imported:
 *
 * @example
 * ```ts
 * import { describe, it } from 'vitest';
 *
 * describeStoreContract('MyStore', () => ({ store: new MyStore(clock), pass: (ms) => clock.advance(ms), now: () => clock.now() }), {
 *   describe,
 *   it,
 * });
 * ```
 */
export function describeStoreContract(
  name: string,
  makeStore: () => StoreUnderTest | Promise<StoreUnderTest>,
  { describe, it }: StoreContractRunner,
): void {
  const test = (title: string, run: (subject: StoreUnderTest) => Promise<void>): void => {
    it(title, async () => {
      const subject = await makeStore();
      try {
        await run(subject);
      } finally {
        await subject.store.close();
      }
    });
  };

  describe(`${name} keeps the contract of a store`, () => {
    const rule = { name: 'contract', limit: 3, ttlMs: 1000 };

    test('DR-05 hit: takes the limit in any window, and says when there is room', async ({ store, pass }) => {
      assert.equal(await store.hit('k:a', rule), 0);
      await pass(400);
      assert.equal(await store.hit('k:a', rule, 2), 0);
      const waitMs = await store.hit('k:a', rule);
      assert.ok(Math.abs(waitMs - 600) <= TOLERANCE_MS, `waits ${waitMs} ms`);
      await pass(waitMs);
      assert.equal(await store.hit('k:a', rule), 0);
      assert.ok((await store.hit('k:a', rule)) > 0);
    });

    test('hit: takes a cost as a whole or not at all', async ({ store }) => {
      assert.equal(await store.hit('k:a', rule, 2), 0);
      assert.ok((await store.hit('k:a', rule, 2)) > 0);
      assert.equal(await store.hit('k:a', rule, 1), 0);
      assert.ok((await store.hit('k:b', rule, 4)) > 0);
      assert.equal(await store.hit('k:b', rule, 3), 0);
    });

    test('hit: what is refused does not count', async ({ store, pass }) => {
      await store.hit('k:a', rule, 3);
      for (let i = 0; i < 5; i++) {
        await pass(190);
        assert.ok((await store.hit('k:a', rule)) > 0);
      }
      await pass(50 + TOLERANCE_MS);
      assert.equal(await store.hit('k:a', rule, 3), 0);
    });

    test('hit: keys and rules do not touch each other', async ({ store }) => {
      await store.hit('k:a', rule, 3);
      assert.equal(await store.hit('k:b', rule), 0);
      assert.equal(await store.hit('k:a', { ...rule, name: 'other' }), 0);
    });

    test('hit: a thousand at once take the limit and no more', async ({ store }) => {
      const many = { name: 'many', limit: 100, ttlMs: 60_000 };
      const answers = await Promise.all(Array.from({ length: 1000 }, async () => store.hit('k:a', many)));
      assert.equal(answers.filter((waitMs) => waitMs === 0).length, 100);
    });

    test('hit: Infinity is no limit', async ({ store }) => {
      const unlimited = { name: 'unlimited', limit: Infinity, ttlMs: 1000 };
      for (let i = 0; i < 50; i++) assert.equal(await store.hit('k:a', unlimited, 1000), 0);
    });

    test('DR-03 acquire: grants the limit, also at once, and no more', async ({ store }) => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, async (_, i) => store.acquire('k:a', `holder-${i}`, 5, 60_000)),
      );
      assert.equal(answers.filter(({ granted }) => granted).length, 5);
      const refused = await store.acquire('k:a', 'one-more', 5, 60_000);
      assert.deepEqual(refused, { granted: false, held: 5, replaced: [] });
      assert.deepEqual(await store.acquire('k:b', 'other-key', 5, 60_000), { granted: true, held: 1, replaced: [] });
    });

    test('DR-03 acquire: a holder has one place, however often it asks', async ({ store }) => {
      for (let i = 0; i < 3; i++) await store.acquire('k:a', 'same', 2, 60_000);
      assert.equal((await store.acquire('k:a', 'other', 2, 60_000)).held, 2);
      assert.equal((await store.acquire('k:a', 'same', 2, 60_000)).granted, true);
    });

    test('DR-03 release: gives the place back, once', async ({ store }) => {
      await store.acquire('k:a', 'one', 2, 60_000);
      await store.acquire('k:a', 'two', 2, 60_000);
      for (let i = 0; i < 3; i++) await store.release('k:a', 'one');
      await store.release('k:a', 'never-there');
      await store.release('k:never-there', 'one');
      assert.equal((await store.acquire('k:a', 'three', 2, 60_000)).held, 2);
      assert.equal((await store.acquire('k:a', 'four', 2, 60_000)).granted, false);
    });

    test('acquire: the oldest make room where they are to, and do not know their place any more', async ({ store }) => {
      await store.acquire('k:a', 'one', 2, 60_000);
      await store.acquire('k:a', 'two', 2, 60_000);
      await store.acquire('k:a', 'one', 2, 60_000);
      const answer = await store.acquire('k:a', 'three', 2, 60_000, 'replace-oldest');
      assert.deepEqual(answer, { granted: true, held: 2, replaced: ['one'] });
      assert.equal(await store.renew('k:a', 'one', 60_000), false);
      assert.equal(await store.renew('k:a', 'two', 60_000), true);
    });

    test('DR-03 acquire: what a node that died held comes back', async ({ store, pass }) => {
      await store.acquire('k:a', 'dead', 2, 400);
      await store.acquire('k:a', 'alive', 2, 400);
      await pass(300);
      assert.equal(await store.renew('k:a', 'alive', 400), true);
      await pass(200);
      assert.equal(await store.renew('k:a', 'dead', 400), false);
      assert.equal((await store.acquire('k:a', 'next', 2, 400)).granted, true);
      assert.equal((await store.acquire('k:a', 'one-more', 2, 400)).granted, false);
    });

    test('claim: of all callers exactly one wins', async ({ store }) => {
      const answers = await Promise.all(Array.from({ length: 50 }, async () => store.claim('ticket:a', 60_000)));
      assert.equal(answers.filter((won) => won).length, 1);
      assert.equal(await store.claim('ticket:b', 60_000), true);
    });

    test('claim: is remembered for its time and not prolonged by being tried', async ({ store, pass }) => {
      assert.equal(await store.claim('ticket:a', 500), true);
      await pass(400);
      assert.equal(await store.claim('ticket:a', 500), false);
      await pass(100 + TOLERANCE_MS);
      assert.equal(await store.claim('ticket:a', 500), true);
    });

    test('revoke: the latest moment of all keys counts, until its end', async ({ store, pass, now }) => {
      const start = now();
      assert.equal(await store.revokedBefore(['principal:a', 'session:a']), -Infinity);
      await store.revoke('principal:a', start - 10, start + 60_000);
      await store.revoke('session:a', start, start + 500);
      await store.revoke('session:a', start - 500, start + 60_000);
      assert.equal(await store.revokedBefore(['principal:a', 'session:a', 'token:a']), start);
      assert.equal(await store.revokedBefore(['principal:a']), start - 10);
      assert.equal(await store.revokedBefore(['principal:b']), -Infinity);
      assert.equal(await store.revokedBefore([]), -Infinity);
      await pass(500 + TOLERANCE_MS);
      assert.equal(await store.revokedBefore(['session:a']), start);
    });

    test('revoke: ends with what it meets', async ({ store, pass, now }) => {
      await store.revoke('token:a', Infinity, now() + 300);
      assert.equal(await store.revokedBefore(['token:a']), Infinity);
      await pass(300 + TOLERANCE_MS);
      assert.equal(await store.revokedBefore(['token:a']), -Infinity);
    });

    test('DR-05 charge: adds up, decays, and stops at the maximum', async ({ store, pass }) => {
      const decaying = { name: 'contract', decayPerSecond: 10, max: 20 };
      assert.deepEqual(await store.score('k:a', decaying), { value: 0, charged: 0, ageMs: Infinity });
      await store.charge('k:a', 5, decaying);
      assert.ok(Math.abs((await store.charge('k:a', 2.5, decaying)).value - 7.5) < 0.5);
      await pass(500);
      const later = await store.score('k:a', decaying);
      assert.ok(Math.abs(later.value - 2.5) < 0.5, `value ${later.value}`);
      assert.ok(Math.abs(later.charged - 7.5) < 0.5, `charged ${later.charged}`);
      assert.ok(Math.abs(later.ageMs - 500) <= TOLERANCE_MS, `age ${later.ageMs}`);
      assert.equal((await store.charge('k:a', 1000, decaying)).value, 20);
      assert.equal((await store.score('k:a', { ...decaying, name: 'other' })).value, 0);
      await pass(2000 + TOLERANCE_MS);
      assert.equal((await store.score('k:a', decaying)).value, 0);
    });

    test('close: allows nothing afterwards', async ({ store, now }) => {
      await store.close();
      const calls: readonly (() => unknown)[] = [
        () => store.hit('k:a', rule),
        () => store.acquire('k:a', 'one', 1, 1000),
        () => store.renew('k:a', 'one', 1000),
        () => store.claim('ticket:a', 1000),
        () => store.revoke('token:a', 0, now() + 1000),
        () => store.revokedBefore(['token:a']),
        () => store.charge('k:a', 1, { name: 'contract', decayPerSecond: 1, max: 10 }),
        () => store.score('k:a', { name: 'contract', decayPerSecond: 1, max: 10 }),
      ];
      for (const call of calls) {
        await assert.rejects(
          async () => call(),
          (error) => error instanceof SecureWsStoreError && error.failure === 'closed',
        );
      }
      // Connections end after the store: giving back is no error.
      await store.release('k:a', 'one');
    });
  });
}
