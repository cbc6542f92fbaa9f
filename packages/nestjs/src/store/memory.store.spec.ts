import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.js';
import { acquire } from '../testing/lease-contract.js';
import { describeStoreContract } from '../testing/store-contract.js';
import { MemoryStore, SWEEP_STEPS } from './memory.store.js';
import { SecureWsStoreError } from './secure-ws.store.js';

describeStoreContract(
  'MemoryStore',
  () => {
    const clock = new FakeClock();
    return {
      store: new MemoryStore(clock, { maxKeys: 1000 }),
      pass: (ms) => {
        clock.advance(ms);
      },
      step: (ms) => {
        clock.stepWallClock(ms);
      },
    };
  },
  { describe, it },
);

const LIMIT = 20;
const TTL = 10_000;
const RULES = [{ name: 'rate', limit: LIMIT, ttl: TTL }];
const SCORE = { name: 'score', decayPerSecond: 1, max: 10 };

function make(maxKeys: number): { clock: FakeClock; store: MemoryStore } {
  const clock = new FakeClock();
  return { clock, store: new MemoryStore(clock, { maxKeys }) };
}

const ipv6Key = (customer: number, network: number): string =>
  `address:2001:db8:${customer.toString(16)}:${network.toString(16)}::/64`;

describe('MemoryStore', () => {
  it('answers at once', () => {
    const { store } = make(1000);
    expect(store.hit('k:a', RULES)).toBe(0);
    expect(acquire(store, 'h', [{ key: 'k:a', limit: 1 }], 1000).granted).toBe(true);
    expect(store.charge('k:a', 0, SCORE)).toBe(0);
  });

  it('tells rules apart by their name, limit, ttl and block, however they are written', () => {
    const { store } = make(1000);
    expect(store.hit('k:a', [{ name: 'default', limit: 1, ttl: 1000 }])).toBe(0);
    expect(store.hit('k:a', [{ ttl: 1000, limit: 1, blockDuration: 0 }])).toBe(1000);
    expect(store.hit('k:a', [{ limit: 1, ttl: 1000, blockDuration: 5000 }])).toBe(0);
  });

  it('starts no timer', () => {
    const { clock, store } = make(1000);
    store.hit('k:a', RULES);
    acquire(store, 'h', [{ key: 'k:a', limit: 1 }], 1000);
    expect(clock.pending).toBe(0);
  });

  it('DR-16 stays within its bound under 100,000 keys', { timeout: 60_000 }, () => {
    const { store } = make(1000);
    for (let i = 0; i < 100_000; i++) {
      store.hit(`address:10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, RULES);
      if (i % 16 === 0) store.charge(ipv6Key((i >> 4) & 0xffff, i & 0xff), 1, SCORE);
    }
    expect(store.size).toBeLessThanOrEqual(2000);
  });

  it('DR-16 HS-20 a flood of keys does not buy a punished key a fresh budget', () => {
    const { store } = make(1000);
    for (let i = 0; i < LIMIT; i++) store.hit('address:192.0.2.66', RULES);
    store.charge('address:192.0.2.66', 10, SCORE);
    for (let i = 0; i < 50_000; i++) {
      store.hit(`address:10.0.${(i >> 8) & 255}.${i & 255}`, RULES);
      store.charge(`address:10.0.${(i >> 8) & 255}.${i & 255}`, 1, SCORE);
    }
    expect(store.hit('address:192.0.2.66', RULES)).toBeGreaterThan(0);
    expect(store.charge('address:192.0.2.66', 0, SCORE)).toBe(10);
  });

  it('DR-16 IPv6 addresses that find no room share one budget by /48', () => {
    const { store } = make(1000);
    for (let i = 0; i < 1000; i++) store.hit(ipv6Key(1, i), RULES);
    const taken = Array.from({ length: 500 }, (_, i) => store.hit(ipv6Key(2, i), RULES)).filter((wait) => wait === 0);
    expect(taken).toHaveLength(LIMIT);
    expect(store.hit(ipv6Key(3, 0), RULES)).toBe(0);
    expect(store.hit('address:192.0.2.1', RULES)).toBe(0);
  });

  it('DR-16 an address that shares a score is found to have it', () => {
    const { store } = make(1000);
    for (let i = 0; i < 1000; i++) store.charge(ipv6Key(1, i), 1, SCORE);
    store.charge(ipv6Key(2, 0), 5, SCORE);
    expect(store.charge(ipv6Key(2, 1), 0, SCORE)).toBe(5);
    expect(store.charge(ipv6Key(3, 1), 0, SCORE)).toBe(0);
  });

  it('DR-16 makes room of what is over before it gives anything up', () => {
    const { clock, store } = make(1000);
    for (let i = 0; i < 1000; i++) store.hit(ipv6Key(1, i), RULES);
    clock.advance(TTL);
    const taken = Array.from({ length: 100 }, (_, i) => store.hit(ipv6Key(2, i), RULES)).filter((wait) => wait === 0);
    expect(taken).toHaveLength(100);
  });

  it('DR-16 never gives up a lease, which would let more in than a cap allows: it is full, and takes no place', () => {
    const { clock, store } = make(1000);
    for (let i = 0; i < 999; i++) acquire(store, 'one', [{ key: `principal:${i}`, limit: 10 }], 1000);
    const full = new SecureWsStoreError('full');
    const two = [
      { key: 'principal:new', limit: 10 },
      { key: 'session:new', limit: 10 },
    ];
    expect(() => acquire(store, 'one', two, 1000)).toThrow(full);
    expect(store.size).toBe(999);
    expect(acquire(store, 'one', two.slice(0, 1), 1000).granted).toBe(true);
    expect(() => acquire(store, 'one', two.slice(1), 1000)).toThrow(full);
    expect(store.size).toBe(1000);
    expect(acquire(store, 'two', [{ key: 'principal:0', limit: 10 }], 1000)).toMatchObject({ held: [2] });
    clock.advance(1000);
    expect(acquire(store, 'one', two, 1000).granted).toBe(true);
  });

  it('DR-16 remembers a bounded number of replaced holders of a key', () => {
    const { store } = make(1000);
    const place = [{ key: 'principal:a', limit: 1 }];
    for (let i = 0; i <= 1001; i++) acquire(store, `h${i}`, place, 60_000, 'replace-oldest');
    const asked = ['h0', 'h1', 'h1000', 'h1001'].map((holder) => ({ holder, keys: ['principal:a'] }));
    expect(store.renew(asked, 60_000)).toEqual(['unknown', 'replaced', 'replaced', 'held']);
  });

  it('DR-15 a replaced holder that is closed leaves nothing', () => {
    const { store } = make(1000);
    acquire(store, 'old', [{ key: 'k:a', limit: 1 }], 60_000);
    acquire(store, 'new', [{ key: 'k:a', limit: 1 }], 60_000, 'replace-oldest');
    store.release({ holder: 'old', keys: ['k:a'] });
    store.release({ holder: 'new', keys: ['k:a'] });
    expect(store.size).toBe(0);
  });

  it('DR-16 forgets everything that is over, in steps of bounded work', () => {
    const { clock, store } = make(10_000);
    for (let i = 0; i < 5000; i++) {
      store.hit(`k:${i}`, RULES);
      store.charge(`k:${i}`, 1, SCORE);
      acquire(store, 'one', [{ key: `k:${i}`, limit: 1 }], 1000);
    }
    clock.advance(TTL);
    for (let left = 15_000; left > 0; left -= 3 * SWEEP_STEPS) {
      expect(store.size).toBe(left);
      store.tick();
    }
    expect(store.size).toBe(0);
  });

  it('DR-16 comes round to the old keys while new ones keep coming in', () => {
    const { clock, store } = make(100_000);
    for (let i = 0; i < 3000; i++) store.hit(`old:${i}`, RULES);
    store.tick();
    clock.advance(TTL);
    for (let tick = 0; tick < 12; tick++) {
      for (let i = 0; i < 1000; i++) store.hit(`new:${tick}:${i}`, RULES);
      store.tick();
    }
    expect(store.size).toBe(12_000);
  });

  it('follows a rule that was changed', () => {
    const { store } = make(1000);
    store.hit('k:a', RULES, 20);
    expect(store.hit('k:a', [{ name: 'rate', limit: 30, ttl: TTL }])).toBe(0);
  });

  it('counts large limits in slices', () => {
    const { store } = make(1000);
    const large = [{ name: 'bytes', limit: 1_000_000, ttl: 1000 }];
    expect(store.hit('k:a', large, 999_999)).toBe(0);
    expect(store.hit('k:a', large, 2)).toBeGreaterThan(0);
    expect(store.hit('k:a', large, 1)).toBe(0);
  });

  it('RI-04 AN-05 refuses a single-use value rather than forget one, and has room when they are over', () => {
    const { clock, store } = make(1000);
    for (let i = 0; i < 1000; i++) expect(store.put(`ticket:${i}`, 'alice', TTL)).toBe(true);
    expect(() => store.put('ticket:new', 'alice', TTL)).toThrow(SecureWsStoreError);
    expect(store.take('ticket:0')).toBe('alice');
    expect(store.put('ticket:new', 'alice', TTL)).toBe(true);
    clock.advance(TTL);
    expect(store.put('ticket:newer', 'alice', TTL)).toBe(true);
    for (let i = 0; i < 2; i++) store.tick();
    expect(store.size).toBe(1);
  });

  it('RI-04 DR-05 one kind of single-use values leaves the others their room', () => {
    const { store } = make(1000);
    for (let i = 0; i < 1000; i++) store.put(`challenge:${i}`, '', TTL);
    expect(() => store.put('challenge:new', '', TTL)).toThrow(SecureWsStoreError);
    expect(store.put('ticket:a', 'alice', TTL)).toBe(true);
    expect(store.take('ticket:a')).toBe('alice');
  });

  it('DR-15 connections that come and go leave nothing', () => {
    const { store } = make(1000);
    for (let i = 0; i < 10_000; i++) {
      acquire(store, 'c', [{ key: `principal:${i}`, limit: 10 }], 60_000);
      store.release({ holder: 'c', keys: [`principal:${i}`] });
    }
    expect(store.size).toBe(0);
  });
});
