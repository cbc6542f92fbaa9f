import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.js';
import { describeStoreContract } from '../testing/store-contract.js';
import { MemoryStore } from './memory.store.js';
import { DEFAULT_RESILIENT_STORE_RULES, ResilientStore } from './resilient.store.js';
import { SecureWsStoreError } from './store.error.js';

type StoreMethod = 'hit' | 'acquire' | 'renew' | 'release' | 'claim' | 'revoke' | 'revokedBefore' | 'charge' | 'score';

const METHODS: readonly StoreMethod[] = [
  'hit',
  'acquire',
  'renew',
  'release',
  'claim',
  'revoke',
  'revokedBefore',
  'charge',
  'score',
];

/** A shared store as the network has it: later, or never, or with an error. */
class Network {
  state: 'up' | 'hangs' | 'fails' = 'up';
  calls = 0;
  readonly store: MemoryStore;
  readonly #late: (() => void)[] = [];

  constructor(memory: MemoryStore) {
    const overrides = Object.fromEntries(
      METHODS.map((method) => [
        method,
        {
          value: async (...args: never[]): Promise<unknown> => {
            this.calls++;
            if (this.state === 'fails') throw new Error('ECONNREFUSED');
            if (this.state === 'hangs') await new Promise<void>((resolve) => this.#late.push(resolve));
            return Reflect.apply(memory[method], memory, args);
          },
        },
      ]),
    );
    this.store = Object.create(memory, { ...overrides, close: { value: () => memory.close() } }) as MemoryStore;
  }

  /** Lets what hangs answer after all, the oldest first. */
  answerLate(most = Infinity): void {
    for (const answer of this.#late.splice(0, most)) answer();
  }
}

function make() {
  const clock = new FakeClock();
  const memory = new MemoryStore(clock, { maxKeys: 1000 });
  const network = new Network(memory);
  const events: string[] = [];
  const local = new MemoryStore(clock, { maxKeys: 1000 });
  const store = new ResilientStore(network.store, local, clock, DEFAULT_RESILIENT_STORE_RULES, {
    onAway: () => events.push('away'),
    onBack: (awayMs) => events.push(`back after ${awayMs}`),
  });
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 250) {
      clock.advance(Math.min(250, left));
      store.tick(clock.monotonic());
      for (let i = 0; i < 10; i++) await Promise.resolve();
    }
  };
  return { clock, memory, network, events, store, pass };
}

const RULE = { name: 'rate', limit: 2, ttlMs: 60_000 };
const UNAVAILABLE = new SecureWsStoreError('unavailable');

describeStoreContract(
  'ResilientStore',
  () => {
    const { clock, store } = make();
    return {
      store,
      pass: (ms) => {
        clock.advance(ms);
      },
      now: () => clock.now(),
    };
  },
  { describe, it },
);

describe('ResilientStore', () => {
  it('DR-17 counts rates on this node while the shared store is away', async () => {
    const { events, network, store } = make();
    network.state = 'fails';
    await expect(store.hit('k:a', RULE)).resolves.toBe(0);
    expect(events).toEqual(['away']);
    expect(store.hit('k:a', RULE)).toBe(0);
    expect(store.hit('k:a', RULE)).toBeGreaterThan(0);
    expect(network.calls).toBe(1);
  });

  it('DR-17 does not wait longer than a second for an answer, and ignores one that comes later', async () => {
    const { events, network, store, pass } = make();
    network.state = 'hangs';
    const answer = store.hit('k:a', RULE);
    await pass(750);
    expect(events).toEqual([]);
    await pass(500);
    await expect(answer).resolves.toBe(0);
    expect(events).toEqual(['away']);
    network.answerLate();
    await pass(250);
    expect(events).toEqual(['away']);
  });

  it('DR-17 refuses single-use values at once', async () => {
    const { network, store } = make();
    network.state = 'fails';
    await expect(store.claim('ticket:a', 1000)).rejects.toThrow(UNAVAILABLE);
    expect(() => store.claim('ticket:b', 1000)).toThrow(UNAVAILABLE);
  });

  it('DR-17 a single-use value whose answer was lost is used', async () => {
    const { network, store, pass } = make();
    network.state = 'hangs';
    const lost = store.claim('ticket:a', 60_000);
    await pass(1250);
    await expect(lost).rejects.toThrow(UNAVAILABLE);
    network.answerLate();
    network.state = 'up';
    await pass(2500);
    await expect(store.claim('ticket:a', 60_000)).resolves.toBe(false);
  });

  it('DR-17 admits for 30 seconds by what this node knows, then nobody', async () => {
    const { network, store, pass, clock } = make();
    network.state = 'fails';
    const local = await store.acquire('principal:a', 'c1', 1, 60_000);
    expect(local.granted).toBe(true);
    await expect(Promise.resolve(store.acquire('principal:a', 'c2', 1, 60_000))).resolves.toMatchObject({
      granted: false,
    });
    expect(() => store.revoke('principal:b', clock.now(), clock.now() + 60_000)).toThrow(UNAVAILABLE);
    expect(store.revokedBefore(['principal:b'])).toBe(clock.now());
    await pass(29_750);
    expect(store.admitsHandshakes).toBe(true);
    await pass(250);
    expect(store.admitsHandshakes).toBe(false);
    expect(() => store.acquire('principal:c', 'c3', 1, 60_000)).toThrow(UNAVAILABLE);
    expect(() => store.revokedBefore(['principal:c'])).toThrow(UNAVAILABLE);
  });

  it('DR-17 comes back by itself, also when nobody asks', async () => {
    const { events, network, store, pass } = make();
    network.state = 'fails';
    await store.hit('k:a', RULE);
    await pass(10_000);
    expect(network.calls).toBe(11);
    network.state = 'up';
    await pass(1000);
    expect(events).toEqual(['away', 'back after 11000']);
    expect(store.admitsHandshakes).toBe(true);
    await expect(store.claim('ticket:a', 1000)).resolves.toBe(true);
  });

  it('DR-17 a late answer does not disturb what is waited for meanwhile', async () => {
    const { events, network, store, pass } = make();
    network.state = 'hangs';
    const answer = store.hit('k:a', RULE);
    await pass(1250);
    await answer;
    await pass(1000);
    expect(network.calls).toBe(2);
    network.answerLate(1);
    network.state = 'up';
    await pass(2500);
    expect(events).toEqual(['away', 'back after 2250']);
  });

  it('DR-17 a revocation that only this node knows holds on it after the outage, too', async () => {
    const { clock, network, store, pass } = make();
    network.state = 'fails';
    const moment = clock.now();
    await expect(store.revoke('principal:a', moment, moment + 60_000)).rejects.toThrow(UNAVAILABLE);
    network.state = 'up';
    await pass(1250);
    await expect(store.revokedBefore(['principal:a'])).resolves.toBe(moment);
  });

  it('DR-17 a place granted during the outage counts everywhere after it', async () => {
    const { memory, network, store, pass } = make();
    network.state = 'fails';
    await store.acquire('principal:a', 'c1', 1, 60_000);
    network.state = 'up';
    await pass(1250);
    await expect(store.renew('principal:a', 'c1', 60_000)).resolves.toBe(true);
    expect(memory.renew('principal:a', 'c1', 60_000)).toBe(true);
    await expect(store.acquire('principal:a', 'c2', 1, 60_000)).resolves.toMatchObject({ granted: false });
  });

  it('DR-17 does not know of a lease while the shared store is away, and says so', async () => {
    const { network, store } = make();
    await store.acquire('principal:a', 'c1', 1, 60_000);
    network.state = 'fails';
    await expect(store.renew('principal:a', 'c1', 60_000)).rejects.toThrow(UNAVAILABLE);
    expect(() => store.renew('principal:a', 'c1', 60_000)).toThrow(UNAVAILABLE);
  });

  it('DR-17 holds a bounded number of calls for a store that hangs', async () => {
    const { network, store, pass } = make();
    network.state = 'hangs';
    const open = { ...RULE, limit: Infinity };
    const answers = Array.from({ length: 10_050 }, async () => store.hit('k:a', open));
    expect(network.calls).toBe(10_000);
    await pass(1250);
    expect(new Set(await Promise.all(answers))).toEqual(new Set([0]));
  });

  it('a store that is full is not away', async () => {
    const { events, store } = make();
    for (let i = 0; i < 1000; i++) await store.claim(`ticket:${i}`, 1000);
    await expect(store.claim('ticket:new', 1000)).rejects.toThrow(new SecureWsStoreError('full'));
    expect(events).toEqual([]);
  });
});
