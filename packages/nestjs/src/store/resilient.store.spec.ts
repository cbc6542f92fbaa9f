import { describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../testing/fake-clock.js';
import { acquire } from '../testing/lease-contract.js';
import { describeStoreContract } from '../testing/store-contract.js';
import { backoffRule } from './backoff-rule.js';
import { MemoryStore } from './memory.store.js';
import { ResilientStore } from './resilient.store.js';
import { type Revocation, SecureWsStore, SecureWsStoreError } from './secure-ws.store.js';
import { hashedKey } from './store-keys.js';

type StoreMethod = Exclude<
  keyof MemoryStore,
  | 'size'
  | 'isShared'
  | 'admitsHandshakes'
  | 'awayMs'
  | 'control'
  | 'onForged'
  | 'onNews'
  | 'hearsNews'
  | 'tick'
  | 'close'
>;

const METHODS: readonly StoreMethod[] = [
  'hit',
  'admit',
  'renew',
  'release',
  'charge',
  'put',
  'take',
  'revoke',
  'revocations',
];

/** A shared store as the network has it: later, or never, or with an error. */
class Network {
  state: 'up' | 'hangs' | 'fails' = 'up';
  calls = 0;
  readonly store: SecureWsStore;
  /** The keys that it was told. */
  readonly keys: unknown[] = [];
  readonly #late: (() => void)[] = [];

  constructor(public memory: MemoryStore) {
    const overrides = Object.fromEntries(
      METHODS.map((method) => [
        method,
        {
          value: async (...args: never[]): Promise<unknown> => {
            this.calls++;
            if (this.state === 'fails') throw new Error('ECONNREFUSED');
            if (this.state === 'hangs') await new Promise<void>((resolve) => this.#late.push(resolve));
            this.keys.push(...args);
            return Reflect.apply(this.memory[method], this.memory, args);
          },
        },
      ]),
    );
    const ends = { close: { value: () => this.memory.close() }, tick: { value: () => this.memory.tick() } };
    this.store = Object.create(SecureWsStore.prototype, { ...overrides, ...ends }) as SecureWsStore;
  }

  /** Lets what hangs answer after all, the oldest first. */
  answerLate(most = Infinity): void {
    for (const answer of this.#late.splice(0, most)) answer();
  }
}

function make(admitWhileAwayMs = 30_000) {
  const clock = new FakeClock();
  const memory = new MemoryStore(clock, { maxKeys: 1000 });
  const network = new Network(memory);
  const events: string[] = [];
  const local = new MemoryStore(clock, { maxKeys: 1000 });
  const listener = {
    onAway: () => events.push('away'),
    onBack: (awayMs: number) => events.push(`back after ${awayMs}`),
  };
  const store = new ResilientStore(network.store, local, clock, listener, admitWhileAwayMs);
  /** Makes the shared store away. */
  const cutOff = async (): Promise<void> => {
    network.state = 'fails';
    for (let i = 0; i < 3; i++) await store.charge('k:any', 1, { name: 'any', decayPerSecond: 1, max: 1 });
    network.calls = 0;
  };
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 250) {
      clock.advance(Math.min(250, left));
      store.tick();
      for (let i = 0; i < 10; i++) await Promise.resolve();
    }
  };
  return { clock, memory, network, events, store, pass, cutOff };
}

const BACKOFF = backoffRule({ name: 'backoff', freeFailures: 0, firstDelayMs: 1000, maxDelayMs: 60_000 });
const RULE = [{ name: 'rate', limit: 2, ttl: 60_000 }];
const UNAVAILABLE = new SecureWsStoreError('unavailable');

describeStoreContract(
  'ResilientStore',
  () => {
    const { clock, network, store } = make();
    return {
      store,
      pass: (ms) => {
        clock.advance(ms);
      },
      step: (ms) => {
        clock.stepWallClock(ms);
      },
      lose: () => {
        network.memory = new MemoryStore(clock, { maxKeys: 1000 });
      },
    };
  },
  { describe, it },
);

describe('ResilientStore', () => {
  it('DR-17 AN-05 J26 uses nothing while the shared store is away, and does not fall back on this node', async () => {
    const { cutOff, network, store } = make();
    await store.put('ticket:a', 'alice', 60_000);
    await cutOff();
    expect(() => store.put('ticket:b', 'bob', 60_000)).toThrow(UNAVAILABLE);
    expect(() => store.take('ticket:a')).toThrow(UNAVAILABLE);
    expect(network.keys).not.toContain('ticket:a');
  });

  it('DR-17 counts rates on this node while the shared store is away', async () => {
    const { cutOff, events, network, store } = make();
    await cutOff();
    expect(events).toEqual(['away']);
    expect(store.hit('k:a', RULE)).toBe(0);
    expect(store.hit('k:a', RULE)).toBe(0);
    expect(store.hit('k:a', RULE)).toBeGreaterThan(0);
    expect(network.calls).toBe(0);
  });

  it('DR-17 a slow key is not an outage: answers in between start the count over', async () => {
    const { events, network, store } = make();
    for (let i = 0; i < 10; i++) {
      network.state = i % 3 === 2 ? 'up' : 'fails';
      expect(await store.hit(`k:${i}`, RULE)).toBe(0);
    }
    expect(events).toEqual([]);
    network.state = 'fails';
    for (let i = 0; i < 2; i++) await store.hit('k:a', RULE);
    expect(events).toEqual(['away']);
  });

  it('DR-17 does not wait longer than a second for an answer, and ignores one that comes later', async () => {
    const { events, network, store, pass } = make();
    network.state = 'hangs';
    const answers = [1, 2, 3].map(async (i) => store.hit(`k:${i}`, RULE));
    await pass(750);
    expect(events).toEqual([]);
    await pass(500);
    await expect(Promise.all(answers)).resolves.toEqual([0, 0, 0]);
    expect(events).toEqual(['away']);
    network.answerLate();
    await pass(250);
    expect(events).toEqual(['away']);
  });

  it('DR-17 admits for 30 seconds by what this node knows, then nobody', async () => {
    const { cutOff, store, pass } = make();
    await store.revocations(undefined, 10);
    await cutOff();
    const place = [{ key: 'principal:a', limit: 1 }];
    expect(await acquire(store, 'c1', place, 60_000)).toMatchObject({ granted: true });
    expect(await acquire(store, 'c2', place, 60_000)).toMatchObject({ granted: false });
    await pass(29_750);
    expect(store.admitsHandshakes).toBe(true);
    await pass(250);
    expect(store.admitsHandshakes).toBe(false);
    expect(() => acquire(store, 'c3', place, 60_000)).toThrow(UNAVAILABLE);
  });

  it('DR-17 SL-04 admits nobody without the shared store where it may not, also at a single failure', async () => {
    const { cutOff, network, store } = make(0);
    await store.revocations(undefined, 10);
    const identity = { keys: ['session:a'], issuedAt: 1000 };
    network.state = 'fails';
    await expect(store.admit({ identity })).rejects.toMatchObject({ failure: 'unavailable' });
    network.state = 'up';
    expect(await store.admit({ identity })).toMatchObject({ granted: true });
    expect(store.admitsHandshakes).toBe(true);
    await cutOff();
    expect(store.admitsHandshakes).toBe(false);
    expect(() => store.admit({ identity })).toThrow(UNAVAILABLE);
  });

  it('DR-17 comes back by itself, also when nobody asks, once it has answered for a while', async () => {
    const { cutOff, events, network, store, pass } = make();
    await cutOff();
    await pass(10_000);
    expect(network.calls).toBe(10);
    network.state = 'up';
    await pass(2000);
    network.state = 'fails';
    await pass(1000);
    network.state = 'up';
    await pass(2000);
    expect(events).toEqual(['away']);
    await pass(1000);
    expect(events).toEqual(['away', 'back after 16000']);
    expect(store.admitsHandshakes).toBe(true);
    await expect(store.hit('k:b', RULE)).resolves.toBe(0);
    expect(network.memory.size).toBeGreaterThan(0);
  });

  it('DR-17 a late answer does not disturb what is waited for meanwhile', async () => {
    const { cutOff, events, network, pass } = make();
    await cutOff();
    network.state = 'hangs';
    await pass(2250);
    expect(network.calls).toBe(2);
    network.answerLate(1);
    network.state = 'up';
    await pass(3500);
    expect(events).toEqual(['away', 'back after 5500']);
  });

  it('DR-17 F24 a place granted during the outage is unknown after it, and counts everywhere once it is taken again', async () => {
    const { cutOff, network, store, pass } = make();
    await store.revocations(undefined, 10);
    await cutOff();
    const place = [{ key: 'principal:a', limit: 1 }];
    await acquire(store, 'c1', place, 60_000);
    network.state = 'up';
    await pass(4500);
    const leases = [{ holder: 'c1', keys: ['principal:a'] }];
    await expect(store.renew(leases, 60_000)).resolves.toEqual(['unknown']);
    await acquire(store, 'c1', [{ key: 'principal:a', limit: Infinity }], 60_000);
    await expect(store.renew(leases, 60_000)).resolves.toEqual(['held']);
    await expect(acquire(store, 'c2', place, 60_000)).resolves.toMatchObject({ granted: false });
  });

  it('DR-17 does not know of a lease while the shared store is away, and says so', async () => {
    const { network, store } = make();
    await acquire(store, 'c1', [{ key: 'principal:a', limit: 1 }], 60_000);
    network.state = 'fails';
    const leases = [{ holder: 'c1', keys: ['principal:a'] }];
    await expect(store.renew(leases, 60_000)).rejects.toThrow(UNAVAILABLE);
  });

  describe('SL-05 DR-17 revocations of one key while the shared store is away', () => {
    const later = { key: 'principal:a', issuedBefore: 9000, ttlMs: 60_000 };
    const earlier = { key: 'principal:a', issuedBefore: 5000, ttlMs: 10_000 };
    const weaker = { ...earlier, ttlMs: 60_000 };
    const takenBack = { key: 'principal:a', issuedBefore: 0, ttlMs: 60_000 };

    it.each<readonly [what: string, told: readonly Revocation[], issuedAt: number, isRevoked: boolean]>([
      ['an earlier one does not weaken a later one', [later, earlier], 8000, true],
      ['nor does it shorten its life', [earlier, later, earlier], 5000, true],
      ['a later one is stronger', [earlier, later], 8000, true],
      ['one that is taken back is over', [later, takenBack], 1, false],
      ['and may be followed by a weaker one', [later, takenBack, weaker], 8000, false],
      ['which holds', [later, takenBack, weaker], 4000, true],
    ])('%s', async (_, told, issuedAt, isRevoked) => {
      const { network, store, cutOff, pass } = make();
      // The shared store knows one that is taken back later.
      await store.revoke([{ key: 'principal:a', issuedBefore: 1000, ttlMs: 60_000 }]);
      await cutOff();
      for (const each of told) expect(() => store.revoke([each])).toThrow(UNAVAILABLE);
      network.state = 'up';
      await pass(20_000);
      const identity = { keys: [hashedKey('principal:a')], issuedAt };
      expect(network.memory.admit({ identity }).isRevoked).toBe(isRevoked);
    });
  });

  it('SL-04 DR-17 tells what was revoked meanwhile at the first answer, before any other node admits again', async () => {
    const { cutOff, events, network, store, pass } = make();
    await cutOff();
    expect(() => store.revoke([{ key: 'session:a', issuedBefore: 5000, ttlMs: 60_000 }])).toThrow(UNAVAILABLE);
    const identity = { keys: [hashedKey('session:a')], issuedAt: 1000 };
    await pass(2000);
    expect(() => store.revocations(undefined, 10)).toThrow(UNAVAILABLE);
    network.state = 'up';
    await pass(1250);
    expect(network.memory.admit({ identity }).isRevoked).toBe(true);
    // And what others have revoked is read.
    expect(await store.revocations(undefined, 10)).toMatchObject({ entries: [{ issuedBefore: 5000 }] });
    expect(events).toEqual(['away']);
    await pass(3000);
    expect(events).toEqual(['away', 'back after 5000']);
    expect(store.awayMs).toBe(0);
  });

  it('SL-04 tells a shared store that lost its data what was revoked, and one that did not nothing again', async () => {
    const { network, store, pass } = make();
    const revoked = vi.spyOn(network.memory, 'revoke');
    await store.revoke([{ key: 'principal:a', issuedBefore: 1000, ttlMs: 600_000 }]);
    const { position } = await store.revocations(undefined, 10);
    const next = await store.revocations(position, 10);
    await pass(5000);
    expect(next).toMatchObject({ entries: [], isContinued: true });
    expect(revoked).toHaveBeenCalledTimes(1);
    network.memory = new MemoryStore(new FakeClock(), { maxKeys: 1000 });
    const again = vi.spyOn(network.memory, 'revoke');
    await store.revocations(position, 10);
    await pass(5000);
    expect(again).toHaveBeenCalledTimes(1);
  });

  it('DR-17 SL-04 admits nobody by itself before it has read who is revoked, or long after', async () => {
    const { cutOff, network, store, pass } = make();
    const ask = () => store.admit({ identity: { keys: ['principal:a'], issuedAt: 1 } });
    network.state = 'fails';
    await expect(ask()).rejects.toThrow(UNAVAILABLE);
    network.state = 'up';
    await store.revocations(undefined, 10);
    await pass(30_000);
    network.state = 'fails';
    await expect(ask()).rejects.toThrow(UNAVAILABLE);
    expect(store.admitsHandshakes).toBe(true);
    await cutOff();
    expect(store.admitsHandshakes).toBe(false);
  });

  it('DR-17 SL-04 a part of the revocations is not all of them: nobody is admitted on it', async () => {
    const { network, store } = make();
    const revoked = ['a', 'b', 'c'].map((id) => ({ key: `principal:${id}`, issuedBefore: 2, ttlMs: 60_000 }));
    await network.store.revoke(revoked);
    const { isLast, position } = await store.revocations(undefined, 1);
    expect(isLast).toBe(false);
    network.state = 'fails';
    const ask = () => store.admit({ identity: { keys: ['principal:z'], issuedAt: 1 } });
    await expect(ask()).rejects.toThrow(UNAVAILABLE);
    network.state = 'up';
    await store.revocations(position, 10);
    network.state = 'fails';
    await expect(ask()).resolves.toMatchObject({ isRevoked: false });
  });

  it('DP-06 tells the shared store no address and no name', async () => {
    const { network, store } = make();
    const keys = ['address:192.0.2.1', 'principal:["jwt","https://id.example.com","alice"]'];
    for (const key of keys) {
      await store.hit(key, RULE);
      await store.charge(key, 1, { name: 's', decayPerSecond: 1, max: 5 });
      await store.admit({
        rate: { key, rules: RULE },
        backoff: { key, rule: BACKOFF },
        identity: { keys: [key], issuedAt: 1 },
      });
      await store.revoke([{ key, issuedBefore: 1, ttlMs: 1000 }]);
      await acquire(store, 'c1', [{ key, limit: 5 }], 1000);
      await store.renew([{ holder: 'c1', keys: [key] }], 1000);
      await store.release({ holder: 'c1', keys: [key] });
    }
    const told = JSON.stringify(network.keys);
    expect(told).toContain('"address:');
    expect(told).not.toMatch(/192\.0\.2|alice|id\.example/);
  });

  it('F22 does not close the shared store, which others may use, and allows nothing afterwards', async () => {
    const { network, store } = make();
    store.close();
    expect(() => store.hit('k:a', RULE)).toThrow(new SecureWsStoreError('closed'));
    await expect(network.store.hit('k:a', RULE)).resolves.toBe(0);
  });

  it('DR-17 holds a bounded number of calls for a store that hangs', async () => {
    const { network, store, pass } = make();
    network.state = 'hangs';
    const open = RULE.map((rule) => ({ ...rule, limit: Infinity }));
    const answers = Array.from({ length: 10_050 }, async () => store.hit('k:a', open));
    expect(network.calls).toBe(10_000);
    await pass(1250);
    expect(new Set(await Promise.all(answers))).toEqual(new Set([0]));
  });

  it('a store that is full is not away', async () => {
    const { events, store } = make();
    for (let i = 0; i < 1000; i++) await acquire(store, 'h', [{ key: `k:${i}`, limit: 1 }], 1000);
    const full = new SecureWsStoreError('full');
    await expect(acquire(store, 'h', [{ key: 'k:new', limit: 1 }], 1000)).rejects.toThrow(full);
    expect(events).toEqual([]);
  });
});
