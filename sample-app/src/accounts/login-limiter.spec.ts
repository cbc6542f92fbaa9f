import { describe, expect, it } from 'vitest';
import { LoginLimiter } from './login-limiter.js';

/** Whether each of some failures came without a proof of work. */
function failures(limiter: LoginLimiter, addresses: readonly string[]): boolean[] {
  return addresses.map((address) => !limiter.take(address, 'alice').isSuspect);
}

const FREE = { waitMs: 0, isSuspect: false };

describe('LoginLimiter', () => {
  it('suspects the sixth failure of an address for one user, not for another user or address', () => {
    const limiter = new LoginLimiter();
    expect(failures(limiter, Array<string>(6).fill('192.0.2.1'))).toEqual([true, true, true, true, true, false]);
    expect(limiter.take('192.0.2.1', 'bob')).toEqual(FREE);
    expect(limiter.take('192.0.2.2', 'alice')).toEqual(FREE);
  });

  it('does not count a log-in that succeeded', () => {
    const limiter = new LoginLimiter();
    for (let i = 0; i < 20; i++) {
      expect(limiter.take('192.0.2.1', 'alice')).toEqual(FREE);
      limiter.succeeded('192.0.2.1', 'alice');
    }
  });

  it('refuses the sixty-first attempt of an address, whoever it is for', () => {
    const limiter = new LoginLimiter();
    const waits = Array.from({ length: 61 }, (_, i) => limiter.take('192.0.2.1', `user-${i}`).waitMs);
    expect(waits.slice(0, 60).every((wait) => wait === 0)).toBe(true);
    expect(waits[60]).toBeGreaterThan(0);
  });

  it.each([
    [
      'one /64',
      [
        '2001:db8:1:2::1',
        '2001:db8:1:2:3:4:5:6',
        '2001:db8:1:2::9',
        '2001:db8:1:2:9::',
        '2001:db8:1:2::a',
        '2001:db8:1:2::b',
      ],
      false,
    ],
    [
      'two /64',
      [
        '2001:db8:1:2::1',
        '2001:db8:1:2::2',
        '2001:db8:1:2::3',
        '2001:db8:1:2::4',
        '2001:db8:1:2::5',
        '2001:db8:1:3::1',
      ],
      true,
    ],
    [
      'mapped IPv4',
      [
        '::ffff:192.0.2.1',
        '::ffff:192.0.2.2',
        '::ffff:192.0.2.3',
        '::ffff:192.0.2.4',
        '::ffff:192.0.2.5',
        '::ffff:192.0.2.6',
      ],
      true,
    ],
  ])('counts %s as it should', (_, addresses, sixthAllowed) => {
    expect(failures(new LoginLimiter(), addresses)[5]).toBe(sixthAllowed);
  });
});
