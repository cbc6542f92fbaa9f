import { describe, expect, it } from 'vitest';
import type { AuthenticationFailure } from '../../authentication/authenticator.js';
import { MemoryStore } from '../../store/memory.store.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { addressKey } from '../../core/address-key.js';
import { type AddressLimitRules, AddressLimits } from './address-limits.js';

const RULES: AddressLimitRules = {
  mode: 'enforce',
  ratePerAddress: { limit: 20, ttl: 10_000 },
  backoff: { freeFailures: 5, firstDelayMs: 1000, maxDelayMs: 60_000 },
};

const ATTACKER = addressKey('192.0.2.66');
const VICTIM = addressKey('198.51.100.1');

function make(rules: Partial<AddressLimitRules> = {}): { clock: FakeClock; limits: AddressLimits } {
  const clock = new FakeClock();
  const store = new MemoryStore(clock, { maxKeys: 1000 });
  return { clock, limits: new AddressLimits(store, { ...RULES, ...rules }, () => 0) };
}

function fail(limits: AddressLimits, times: number, failure: AuthenticationFailure = 'bad-signature'): void {
  for (let i = 0; i < times; i++) void limits.failed(ATTACKER, failure);
}

describe('AddressLimits', () => {
  it('HS-20 takes 20 handshakes of an address in any 10 seconds', () => {
    const { clock, limits } = make();
    const answers = Array.from({ length: 50 }, () => limits.hit(ATTACKER));
    expect(answers.filter((finding) => finding === undefined)).toHaveLength(20);
    expect(answers[20]).toEqual({
      limit: 'address-rate',
      option: 'handshake.limits.ratePerAddress',
      enforced: true,
      retryAfterMs: 10_000,
    });
    expect(limits.hit(VICTIM)).toBeUndefined();
    clock.advance(10_000);
    expect(limits.hit(ATTACKER)).toBeUndefined();
  });

  it('DR-16 HS-20 counts IPv6 by /64', () => {
    const { limits } = make();
    const answers = Array.from({ length: 50 }, (_, i) => limits.hit(addressKey(`2001:db8::${i.toString(16)}`)));
    expect(answers.filter((finding) => finding === undefined)).toHaveLength(20);
  });

  it('AN-10 an address that guesses gets one verification a second, and others are let in', () => {
    const { clock, limits } = make({ ratePerAddress: { limit: Infinity, ttl: 1000 } });
    fail(limits, 20);
    expect(limits.hit(ATTACKER)).toBeUndefined();
    const refused = limits.hit(ATTACKER);
    expect(refused).toMatchObject({ limit: 'address-backoff', enforced: true, retryAfterMs: 60_000 });
    clock.advance(999);
    expect(limits.hit(ATTACKER)).toBeDefined();
    clock.advance(1);
    expect(limits.hit(ATTACKER)).toBeUndefined();
    for (let i = 0; i < 10; i++) expect(limits.hit(VICTIM)).toBeUndefined();
  });

  it('AN-10 who mistypes a few times notices nothing', () => {
    const { limits } = make();
    fail(limits, 5);
    for (let i = 0; i < 5; i++) expect(limits.hit(ATTACKER)).toBeUndefined();
  });

  it('AN-10 an hour of guessing is over a minute after it ends', () => {
    const { clock, limits } = make();
    for (let second = 0; second < 3600; second++) {
      fail(limits, 1);
      clock.advance(1000);
    }
    clock.advance(60_000);
    for (let i = 0; i < 5; i++) expect(limits.hit(ATTACKER)).toBeUndefined();
  });

  it.each<[AuthenticationFailure, number]>([
    ['bad-signature', 6],
    ['unknown-key', 6],
    ['malformed', 6],
    ['expired', 21],
    ['missing', 21],
  ])('AN-10 %s leads to backoff after %d times', (failure, times) => {
    const { limits } = make({ ratePerAddress: { limit: Infinity, ttl: 1000 } });
    fail(limits, times - 1, failure);
    void limits.hit(ATTACKER);
    expect(limits.hit(ATTACKER)).toBeUndefined();
    fail(limits, 1, failure);
    void limits.hit(ATTACKER);
    expect(limits.hit(ATTACKER)).toMatchObject({ limit: 'address-backoff' });
  });

  it('AN-10 what the client cannot help costs nothing', () => {
    const { limits } = make();
    fail(limits, 1000, 'unavailable');
    for (let i = 0; i < 5; i++) expect(limits.hit(ATTACKER)).toBeUndefined();
  });

  it('reports instead of refusing where it is told to', () => {
    const { limits } = make({ mode: 'report' });
    for (let i = 0; i < 20; i++) void limits.hit(ATTACKER);
    expect(limits.hit(ATTACKER)).toMatchObject({ limit: 'address-rate', enforced: false });
    fail(limits, 20);
    void limits.hit(ATTACKER);
    expect(limits.hit(ATTACKER)).toMatchObject({ limit: 'address-backoff', enforced: false });
  });

  it('takes a store that answers later', async () => {
    const clock = new FakeClock();
    const memory = new MemoryStore(clock, { maxKeys: 1000 });
    const store = Object.create(memory, {
      hit: { value: async (...args: Parameters<MemoryStore['hit']>) => memory.hit(...args) },
      charge: { value: async (...args: Parameters<MemoryStore['charge']>) => memory.charge(...args) },
      score: { value: async (...args: Parameters<MemoryStore['score']>) => memory.score(...args) },
    }) as MemoryStore;
    const limits = new AddressLimits(store, RULES, () => 0);
    for (let i = 0; i < 6; i++) await limits.failed(ATTACKER, 'bad-signature');
    await expect(limits.hit(ATTACKER)).resolves.toBeUndefined();
    await expect(limits.hit(ATTACKER)).resolves.toMatchObject({ limit: 'address-backoff' });
  });
});
