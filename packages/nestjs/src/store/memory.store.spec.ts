import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.js';
import { describeStoreContract } from '../testing/store-contract.js';
import { MemoryStore, SWEEP_STEPS } from './memory.store.js';
import { SecureWsStoreError } from './store.error.js';

describeStoreContract(
  'MemoryStore',
  () => {
    const clock = new FakeClock();
    return {
      store: new MemoryStore(clock, { maxKeys: 1000 }),
      pass: (ms) => {
        clock.advance(ms);
      },
      now: () => clock.now(),
    };
  },
  { describe, it },
);

const RULE = { name: 'rate', limit: 20, ttlMs: 10_000 };
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
    expect(store.hit('k:a', RULE)).toBe(0);
    expect(store.claim('k:a', 1000)).toBe(true);
    expect(store.score('k:a', SCORE).value).toBe(0);
  });

  it('starts no timer', () => {
    const { clock, store } = make(1000);
    store.hit('k:a', RULE);
    store.acquire('k:a', 'h', 1, 1000);
    expect(clock.pending).toBe(0);
  });

  it('DR-16 stays within its bound under 100,000 keys', { timeout: 60_000 }, () => {
    const { store } = make(1000);
    for (let i = 0; i < 100_000; i++) {
      store.hit(`address:10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, RULE);
      if (i % 16 === 0) store.charge(ipv6Key((i >> 4) & 0xffff, i & 0xff), 1, SCORE);
    }
    expect(store.size).toBeLessThanOrEqual(2000);
  });

  it('DR-16 HS-20 a flood of keys does not buy a punished key a fresh budget', () => {
    const { store } = make(1000);
    for (let i = 0; i < RULE.limit; i++) store.hit('address:192.0.2.66', RULE);
    store.charge('address:192.0.2.66', 10, SCORE);
    for (let i = 0; i < 50_000; i++) {
      store.hit(`address:10.0.${(i >> 8) & 255}.${i & 255}`, RULE);
      store.charge(`address:10.0.${(i >> 8) & 255}.${i & 255}`, 1, SCORE);
    }
    expect(store.hit('address:192.0.2.66', RULE)).toBeGreaterThan(0);
    expect(store.score('address:192.0.2.66', SCORE).value).toBe(10);
  });

  it('DR-16 IPv6 addresses that find no room share one budget by /48', () => {
    const { store } = make(1000);
    for (let i = 0; i < 1000; i++) store.hit(ipv6Key(1, i), RULE);
    const taken = Array.from({ length: 500 }, (_, i) => store.hit(ipv6Key(2, i), RULE)).filter((wait) => wait === 0);
    expect(taken).toHaveLength(RULE.limit);
    expect(store.hit(ipv6Key(3, 0), RULE)).toBe(0);
    expect(store.hit('address:192.0.2.1', RULE)).toBe(0);
  });

  it('DR-16 an address that shares a score is found to have it', () => {
    const { store } = make(1000);
    for (let i = 0; i < 1000; i++) store.charge(ipv6Key(1, i), 1, SCORE);
    store.charge(ipv6Key(2, 0), 5, SCORE);
    expect(store.score(ipv6Key(2, 1), SCORE).value).toBe(5);
    expect(store.score(ipv6Key(3, 1), SCORE).value).toBe(0);
  });

  it('DR-16 makes room of what is over before it gives anything up', () => {
    const { clock, store } = make(1000);
    for (let i = 0; i < 1000; i++) store.hit(ipv6Key(1, i), RULE);
    clock.advance(RULE.ttlMs);
    const taken = Array.from({ length: 100 }, (_, i) => store.hit(ipv6Key(2, i), RULE)).filter((wait) => wait === 0);
    expect(taken).toHaveLength(100);
  });

  it('never gives up a single-use value, a revocation or a lease: it is full', () => {
    const { clock, store } = make(1000);
    for (let i = 0; i < 1000; i++) {
      store.claim(`ticket:${i}`, 1000);
      store.revoke(`token:${i}`, clock.now(), clock.now() + 1000);
      store.acquire(`principal:${i}`, 'one', 10, 1000);
    }
    const full = new SecureWsStoreError('full');
    expect(() => store.claim('ticket:new', 1000)).toThrow(full);
    expect(() => store.revoke('token:new', clock.now(), clock.now() + 1000)).toThrow(full);
    expect(() => store.acquire('principal:new', 'one', 10, 1000)).toThrow(full);
    for (let i = 0; i < 1000; i++) {
      expect(store.claim(`ticket:${i}`, 1000)).toBe(false);
      expect(store.revokedBefore([`token:${i}`])).toBe(clock.now());
    }
    expect(store.acquire('principal:0', 'two', 10, 1000).granted).toBe(true);
    clock.advance(1000);
    expect(store.claim('ticket:new', 1000)).toBe(true);
    store.revoke('token:new', clock.now(), clock.now() + 1000);
    expect(store.acquire('principal:new', 'one', 10, 1000).granted).toBe(true);
  });

  it('keeps a revocation by the date, and a single-use value by the passing of time', () => {
    const { clock, store } = make(1000);
    store.claim('ticket:a', 1000);
    store.revoke('token:a', clock.now(), clock.now() + 1000);
    clock.stepWallClock(5000);
    expect(store.claim('ticket:a', 1000)).toBe(false);
    expect(store.revokedBefore(['token:a'])).toBe(-Infinity);
  });

  it('DR-16 forgets everything that is over, in steps of bounded work', () => {
    const { clock, store } = make(10_000);
    for (let i = 0; i < 5000; i++) {
      store.hit(`k:${i}`, RULE);
      store.charge(`k:${i}`, 1, SCORE);
      store.claim(`k:${i}`, 1000);
      store.acquire(`k:${i}`, 'one', 1, 1000);
      store.revoke(`k:${i}`, clock.now(), clock.now() + 1000);
    }
    clock.advance(RULE.ttlMs);
    for (let tick = 0; tick < 5; tick++) expect(store.sweep(clock.monotonic())).toBe(5 * SWEEP_STEPS);
    expect(store.size).toBe(0);
    expect(store.sweep(clock.monotonic())).toBe(0);
  });

  it('DR-16 comes round to the old keys while new ones keep coming in', () => {
    const { clock, store } = make(100_000);
    for (let i = 0; i < 3000; i++) store.hit(`old:${i}`, RULE);
    store.sweep(clock.monotonic());
    clock.advance(RULE.ttlMs);
    for (let tick = 0; tick < 12; tick++) {
      for (let i = 0; i < 1000; i++) store.hit(`new:${tick}:${i}`, RULE);
      store.sweep(clock.monotonic());
    }
    expect(store.size).toBe(12_000);
  });

  it('follows a rule that was changed', () => {
    const { store } = make(1000);
    store.hit('k:a', RULE, 20);
    expect(store.hit('k:a', { ...RULE, limit: 30 })).toBe(0);
  });

  it('counts large limits in slices', () => {
    const { store } = make(1000);
    const large = { name: 'bytes', limit: 1_000_000, ttlMs: 1000 };
    expect(store.hit('k:a', large, 999_999)).toBe(0);
    expect(store.hit('k:a', large, 2)).toBeGreaterThan(0);
    expect(store.hit('k:a', large, 1)).toBe(0);
  });

  it('DR-15 connections that come and go leave nothing', () => {
    const { store } = make(1000);
    for (let i = 0; i < 10_000; i++) {
      store.acquire(`principal:${i}`, 'c', 10, 60_000);
      store.release(`principal:${i}`, 'c');
    }
    expect(store.size).toBe(0);
  });
});
