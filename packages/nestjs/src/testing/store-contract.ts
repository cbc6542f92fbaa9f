import assert from 'node:assert/strict';
import { SecureWsStoreError } from '../store/secure-ws.store.js';
import { testAdmissions } from './admission-contract.js';
import { testRevocations } from './revocation-contract.js';
import {
  acquire,
  type ContractTest,
  lease,
  places,
  type StoreUnderTest,
  testLeases,
  TOLERANCE_MS,
} from './lease-contract.js';

/** What the contract needs of a test runner: `describe` and `it` of vitest, Jest or `node:test`. */
export interface StoreContractRunner {
  /** Groups tests. */
  readonly describe: (name: string, define: () => void) => unknown;
  /** Defines one test. */
  readonly it: (title: string, run: () => Promise<void>) => unknown;
}

/** Keys that a store may stumble over: what clients and identity providers name finds its way into keys. */
const ODD_KEYS = ['', ':', 'k', 'k:', 'k:__proto__', 'k:constructor', 'k:a b\r\n{c}*?', 'k:\u0000', 'k:ключ-鍵-\u{1f511}', `k:${'x'.repeat(10_000)}`]; // prettier-ignore

/**
 * Defines the tests that every `SecureWsStore` must pass. Nothing of a test runner is imported:
 *
 * @example
 * ```ts
 * import { describe, it } from 'vitest';
 *
 * const makeStore = () => ({ store: new MyStore(clock), pass: (ms) => clock.advance(ms), step: (ms) => clock.stepWallClock(ms) });
 * describeStoreContract('MyStore', makeStore, { describe, it });
 * ```
 */
export function describeStoreContract(
  name: string,
  makeStore: () => StoreUnderTest | Promise<StoreUnderTest>,
  { describe, it }: StoreContractRunner,
): void {
  const test: ContractTest = (title, run) => {
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
    const rules = [{ name: 'contract', limit: 3, ttl: 1000 }];
    const score = { name: 'contract', decayPerSecond: 10, max: 20 };

    test('DR-05 hit: takes the limit in any window, and says when there is room', async ({ store, pass }) => {
      assert.equal(await store.hit('k:a', rules), 0);
      await pass(400);
      assert.equal(await store.hit('k:a', rules, 2), 0);
      const waitMs = await store.hit('k:a', rules);
      assert.ok(Math.abs(waitMs - 600) <= TOLERANCE_MS, `waits ${waitMs} ms`);
      await pass(waitMs);
      assert.equal(await store.hit('k:a', rules), 0);
      assert.ok((await store.hit('k:a', rules)) > 0);
    });

    test('hit: takes a cost as a whole or not at all', async ({ store }) => {
      assert.equal(await store.hit('k:a', rules, 2), 0);
      assert.ok((await store.hit('k:a', rules, 2)) > 0);
      assert.equal(await store.hit('k:a', rules, 1), 0);
      assert.ok((await store.hit('k:b', rules, 4)) > 0);
      assert.equal(await store.hit('k:b', rules, 3), 0);
    });

    test('hit: what is refused does not count', async ({ store, pass }) => {
      await store.hit('k:a', rules, 3);
      for (let i = 0; i < 5; i++) {
        await pass(190);
        assert.ok((await store.hit('k:a', rules)) > 0);
      }
      await pass(50 + TOLERANCE_MS);
      assert.equal(await store.hit('k:a', rules, 3), 0);
    });

    test('F29 hit: what one window refuses counts in none', async ({ store, pass }) => {
      const pair = [
        { name: 'burst', limit: 1, ttl: 500 },
        { name: 'long', limit: 3, ttl: 60_000 },
      ];
      for (let taken = 0; taken < 3; taken++) {
        assert.equal(await store.hit('k:a', pair), 0);
        for (let i = 0; i < 5; i++) assert.ok((await store.hit('k:a', pair)) > 0);
        await pass(500 + TOLERANCE_MS);
      }
      assert.ok((await store.hit('k:a', pair)) > 50_000);
    });

    test('F29 hit: a rule blocks when its own window has no room, and the block is not prolonged', async ({
      store,
      pass,
    }) => {
      const blocking = [
        { name: 'burst', limit: 1, ttl: 200 },
        { name: 'block', limit: 2, ttl: 400, blockDuration: 2000 },
      ];
      assert.equal(await store.hit('k:a', blocking), 0);
      assert.ok((await store.hit('k:a', blocking)) <= 200);
      await pass(250);
      assert.equal(await store.hit('k:a', blocking), 0);
      assert.ok((await store.hit('k:a', blocking)) > 1900);
      await pass(1000);
      assert.ok(Math.abs((await store.hit('k:a', blocking)) - 1000) <= TOLERANCE_MS);
      await pass(1000 + TOLERANCE_MS);
      assert.equal(await store.hit('k:a', blocking), 0);
    });

    test('hit: keys and lists of rules do not touch each other', async ({ store }) => {
      await store.hit('k:a', rules, 3);
      assert.equal(await store.hit('k:b', rules), 0);
      assert.equal(await store.hit('k:a', [{ name: 'other', limit: 3, ttl: 1000 }]), 0);
      assert.equal(await store.hit('k:a', [...rules, { name: 'other', limit: 3, ttl: 1000 }]), 0);
    });

    test('hit: two lists that only differ in their numbers do not empty each other', async ({ store }) => {
      const narrow = [{ limit: 1, ttl: 60_000 }];
      const wide = [{ limit: 2, ttl: 60_000 }];
      assert.equal(await store.hit('k:a', narrow), 0);
      for (let i = 0; i < 5; i++) {
        await store.hit('k:a', wide);
        assert.ok((await store.hit('k:a', narrow)) > 0);
      }
    });

    test('hit: a thousand at once take the limit and no more', async ({ store }) => {
      const many = [{ name: 'many', limit: 100, ttl: 60_000 }];
      const answers = await Promise.all(Array.from({ length: 1000 }, async () => store.hit('k:a', many)));
      assert.equal(answers.filter((waitMs) => waitMs === 0).length, 100);
    });

    test('hit: Infinity is no limit', async ({ store }) => {
      const unlimited = [{ name: 'unlimited', limit: Infinity, ttl: 1000 }];
      for (let i = 0; i < 50; i++) assert.equal(await store.hit('k:a', unlimited, 1000), 0);
    });

    testLeases(test);
    testAdmissions(test);
    testRevocations(test);

    test('DR-05 charge: adds up, decays, and stops at the maximum', async ({ store, pass }) => {
      await store.charge('k:a', 5, score);
      assert.ok(Math.abs((await store.charge('k:a', 2.5, score)) - 7.5) < 0.5);
      await pass(500);
      const later = await store.charge('k:a', 0, score);
      assert.ok(Math.abs(later - 2.5) < 0.5, `value ${later}`);
      assert.equal(await store.charge('k:a', 1000, score), 20);
      assert.equal(await store.charge('k:a', 0, { ...score, name: 'other' }), 0);
      await pass(2000 + TOLERANCE_MS);
      assert.equal(await store.charge('k:a', 0, score), 0);
    });

    test('DR-05 charge: none of a hundred at once is lost', async ({ store }) => {
      const slow = { name: 'slow', decayPerSecond: 0.01, max: 1000 };
      await Promise.all(Array.from({ length: 100 }, async () => store.charge('k:a', 1, slow)));
      assert.ok((await store.charge('k:a', 0, slow)) > 99);
    });

    test('AN-05 put: keeps the first value of a key until it is taken or over', async ({ store, pass }) => {
      assert.equal(await store.put('k:a', 'one', 1000), true);
      assert.equal(await store.put('k:a', 'two', 1000), false);
      assert.equal(await store.take('k:b'), undefined);
      assert.equal(await store.take('k:a'), 'one');
      assert.equal(await store.take('k:a'), undefined);
      assert.equal(await store.put('k:a', 'three', 1000), true);
      await pass(1000 + TOLERANCE_MS);
      assert.equal(await store.take('k:a'), undefined);
      assert.equal(await store.put('k:a', '', 1000), true);
      assert.equal(await store.take('k:a'), '');
    });

    test('J26 take: of fifty at once one gets the value, and of fifty that put it one has made it', async ({
      store,
    }) => {
      const fifty = <T>(run: () => T): Promise<Awaited<T>[]> =>
        Promise.all(Array.from({ length: 50 }, async () => run()));
      const made = await fifty(() => store.put('k:a', 'one', 60_000));
      assert.equal(made.filter(Boolean).length, 1);
      const taken = await fifty(() => store.take('k:a'));
      assert.deepEqual(
        taken.filter((value) => value !== undefined),
        ['one'],
      );
    });

    test('keys are opaque: empty, long, __proto__, of any script', async ({ store }) => {
      for (const key of ODD_KEYS) {
        assert.equal(await store.hit(key, rules, 3), 0, `hits ${key.slice(0, 20)}`);
        assert.ok((await store.hit(key, rules)) > 0);
        assert.equal((await acquire(store, key, places([key, 1]), 60_000)).granted, true);
        assert.deepEqual(await store.renew([lease(key, key)], 60_000), ['held']);
        assert.ok(Math.abs((await store.charge(key, 10, score)) - 10) < 0.5);
        assert.equal(await store.put(key, key, 60_000), true);
      }
      for (const key of ODD_KEYS) assert.equal(await store.take(key), key);
      for (const key of ODD_KEYS) assert.equal((await acquire(store, 'x', places([key, 1]), 60_000)).granted, false);
    });

    test('close: allows nothing afterwards', async ({ store }) => {
      await store.close();
      const calls: readonly (() => unknown)[] = [
        () => store.hit('k:a', rules),
        () => acquire(store, 'one', places(['k:a', 1]), 1000),
        () => store.renew([lease('one', 'k:a')], 1000),
        () => store.charge('k:a', 1, score),
        () => store.admit({}),
        () => store.revoke([]),
        () => store.revocations(undefined, 1),
        () => store.put('k:a', 'one', 1000),
        () => store.take('k:a'),
      ];
      for (const call of calls) {
        await assert.rejects(
          async () => call(),
          (error) => error instanceof SecureWsStoreError && error.failure === 'closed',
        );
      }
      // Connections end after the store: giving back is no error.
      await store.release(lease('one', 'k:a'));
    });
  });
}
