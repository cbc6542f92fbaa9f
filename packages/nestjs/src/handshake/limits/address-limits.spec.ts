import { describe, expect, it, vi } from 'vitest';
import type { AuthenticationFailure } from '../../authentication/authentication-failures.js';
import type { WsCredential } from '../../authentication/authenticator.js';
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

const credential = (value: string): WsCredential => ({ scheme: 'bearer', value, source: 'authorization' });

let made = 0;
/** A credential that nobody has seen. */
const fresh = (): WsCredential => credential(`fresh-${(made += 1)}`);

function make(rules: Partial<AddressLimitRules> = {}): { clock: FakeClock; limits: AddressLimits } {
  const clock = new FakeClock();
  const store = new MemoryStore(clock, { maxKeys: 1000 });
  return { clock, limits: new AddressLimits(store, { ...RULES, ...rules }, clock, () => 0) };
}

function fail(limits: AddressLimits, times: number, failure: AuthenticationFailure = 'bad-signature'): void {
  for (let i = 0; i < times; i++) void limits.failed(ATTACKER, failure);
}

describe('AddressLimits', () => {
  it('HS-20 takes 20 handshakes of an address in any 10 seconds', () => {
    const { clock, limits } = make();
    const answers = Array.from({ length: 50 }, () => limits.hit(ATTACKER, fresh));
    expect(answers.filter((finding) => finding === undefined)).toHaveLength(20);
    expect(answers[20]).toEqual({
      reason: 'address-rate',
      option: 'handshake.limits.ratePerAddress',
      enforced: true,
      retryAfterMs: 10_000,
    });
    expect(limits.hit(VICTIM, fresh)).toBeUndefined();
    clock.advance(10_000);
    expect(limits.hit(ATTACKER, fresh)).toBeUndefined();
  });

  it('DR-16 HS-20 counts IPv6 by /64', () => {
    const { limits } = make();
    const answers = Array.from({ length: 50 }, (_, i) => limits.hit(addressKey(`2001:db8::${i.toString(16)}`), fresh));
    expect(answers.filter((finding) => finding === undefined)).toHaveLength(20);
  });

  it('AN-10 an address that guesses gets one verification a second, and others are let in', () => {
    const { clock, limits } = make({ ratePerAddress: { limit: Infinity, ttl: 1000 } });
    fail(limits, 20);
    expect(limits.hit(ATTACKER, fresh)).toBeUndefined();
    const refused = limits.hit(ATTACKER, fresh);
    expect(refused).toMatchObject({ reason: 'address-backoff', enforced: true, retryAfterMs: 60_000 });
    clock.advance(999);
    expect(limits.hit(ATTACKER, fresh)).toBeDefined();
    clock.advance(1);
    expect(limits.hit(ATTACKER, fresh)).toBeUndefined();
    for (let i = 0; i < 10; i++) expect(limits.hit(VICTIM, fresh)).toBeUndefined();
  });

  it('AN-10 who mistypes a few times notices nothing', () => {
    const { limits } = make();
    fail(limits, 5);
    for (let i = 0; i < 5; i++) expect(limits.hit(ATTACKER, fresh)).toBeUndefined();
  });

  it('AN-10 an hour of guessing is over a minute after it ends', () => {
    const { clock, limits } = make();
    for (let second = 0; second < 3600; second++) {
      fail(limits, 1);
      clock.advance(1000);
    }
    clock.advance(60_000);
    for (let i = 0; i < 5; i++) expect(limits.hit(ATTACKER, fresh)).toBeUndefined();
  });

  it.each<[AuthenticationFailure, number]>([
    ['bad-signature', 6],
    ['bad-secret', 6],
    ['malformed', 6],
    ['expired', 21],
    ['missing', 21],
    ['not-yet-valid', 21],
    ['ended-session', 21],
    ['ambiguous', 21],
    ['unknown-key', 21],
  ])('AN-10 F25 %s leads to backoff after %d times', (failure, times) => {
    const { limits } = make({ ratePerAddress: { limit: Infinity, ttl: 1000 } });
    fail(limits, times - 1, failure);
    void limits.hit(ATTACKER, fresh);
    expect(limits.hit(ATTACKER, fresh)).toBeUndefined();
    fail(limits, 1, failure);
    void limits.hit(ATTACKER, fresh);
    expect(limits.hit(ATTACKER, fresh)).toMatchObject({ reason: 'address-backoff' });
  });

  it('AN-10 what the client cannot help costs nothing', () => {
    const { limits } = make();
    fail(limits, 1000, 'unavailable');
    for (let i = 0; i < 5; i++) expect(limits.hit(ATTACKER, fresh)).toBeUndefined();
  });

  describe('an address in backoff', () => {
    const inBackoff = () => {
      const setup = make({ ratePerAddress: { limit: Infinity, ttl: 1000 } });
      setup.limits.verified(ATTACKER, credential('known'), true);
      fail(setup.limits, 20);
      const hit = (value: string) => setup.limits.hit(ATTACKER, () => credential(value));
      return { ...setup, hit };
    };

    it('AN-10 F25 lets in who was there lately, as often as it likes, and only there', () => {
      const { limits, hit } = inBackoff();
      for (let i = 0; i < 10; i++) expect(hit('known')).toBeUndefined();
      // It has taken no verification from the others.
      expect(hit('new')).toBeUndefined();
      for (let i = 0; i < 20; i++) void limits.failed(VICTIM, 'bad-signature');
      void limits.hit(VICTIM, fresh);
      expect(limits.hit(VICTIM, () => credential('known'))).toMatchObject({ reason: 'address-backoff' });
    });

    it('AN-10 F25 verifies no credential again that has just failed, and leaves the turn to others', () => {
      const { clock, limits, hit } = inBackoff();
      expect(hit('broken')).toBeUndefined();
      limits.verified(ATTACKER, credential('broken'), false);
      for (let second = 0; second < 30; second++) {
        clock.advance(1000);
        fail(limits, 1);
        expect(hit('broken')).toMatchObject({ reason: 'address-backoff' });
        expect(hit(`honest-${second}`)).toBeUndefined();
        expect(hit('late')).toMatchObject({ reason: 'address-backoff' });
      }
      clock.advance(60_000);
      fail(limits, 1);
      expect(hit('broken')).toBeUndefined();
    });

    it('AN-10 F25 takes the exemption back from a credential that fails', () => {
      const { limits, hit } = inBackoff();
      limits.verified(ATTACKER, credential('known'), false);
      expect(hit('known')).toMatchObject({ reason: 'address-backoff' });
      limits.verified(ATTACKER, credential('known'), true);
      expect(hit('known')).toBeUndefined();
    });

    it('AN-10 F25 spends no verification on who brings no credential, and refuses nobody who needs none', () => {
      const { limits, hit } = inBackoff();
      expect(limits.hit(ATTACKER, () => undefined)).toMatchObject({ reason: 'address-backoff' });
      expect(limits.hit(ATTACKER, () => 'none-needed')).toBeUndefined();
      expect(hit('honest')).toBeUndefined();
    });

    it('F25 forgets an exemption after an hour', () => {
      const { clock, limits, hit } = inBackoff();
      clock.advance(3_600_001);
      fail(limits, 20);
      void limits.hit(ATTACKER, fresh);
      expect(hit('known')).toMatchObject({ reason: 'address-backoff' });
    });
  });

  it('asks for no credential where there is no backoff', () => {
    const asked = vi.fn<() => WsCredential>(fresh);
    const { limits } = make();
    expect(limits.hit(ATTACKER, asked)).toBeUndefined();
    expect(asked).not.toHaveBeenCalled();
  });

  it('reports instead of refusing where it is told to', () => {
    const { limits } = make({ mode: 'report' });
    for (let i = 0; i < 20; i++) void limits.hit(ATTACKER, fresh);
    expect(limits.hit(ATTACKER, fresh)).toMatchObject({ reason: 'address-rate', enforced: false });
    fail(limits, 20);
    void limits.hit(ATTACKER, fresh);
    expect(limits.hit(ATTACKER, fresh)).toMatchObject({ reason: 'address-backoff', enforced: false });
  });

  it('takes a store that answers later', async () => {
    const clock = new FakeClock();
    const memory = new MemoryStore(clock, { maxKeys: 1000 });
    const store = Object.create(memory, {
      admit: { value: async (...args: Parameters<MemoryStore['admit']>) => memory.admit(...args) },
      charge: { value: async (...args: Parameters<MemoryStore['charge']>) => memory.charge(...args) },
    }) as MemoryStore;
    const limits = new AddressLimits(store, RULES, clock, () => 0);
    for (let i = 0; i < 6; i++) await limits.failed(ATTACKER, 'bad-signature');
    await expect(limits.hit(ATTACKER, fresh)).resolves.toBeUndefined();
    await expect(limits.hit(ATTACKER, fresh)).resolves.toMatchObject({ reason: 'address-backoff' });
  });
});
