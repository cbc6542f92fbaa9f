import { describe, expect, it } from 'vitest';
import type { WsCredential } from '../../authentication/authenticator.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { RecentCredentials } from './recent-credentials.js';

const of = (value: string, scheme = 'bearer'): WsCredential => ({ scheme, value, source: 'authorization' });

describe('RecentCredentials', () => {
  it('AN-17 F25 keeps a hash that only this process can make, and none of the credential', () => {
    const clock = new FakeClock();
    const [one, other] = [new RecentCredentials(clock, 1000), new RecentCredentials(clock, 1000)];
    const key = one.keyOf('address:192.0.2.1', of('secret-token'));
    expect(key).toBe(one.keyOf('address:192.0.2.1', of('secret-token')));
    expect(key).not.toContain('secret');
    const others = [
      other.keyOf('address:192.0.2.1', of('secret-token')),
      one.keyOf('address:192.0.2.2', of('secret-token')),
      one.keyOf('address:192.0.2.1', of('secret-token', 'apikey')),
      one.keyOf('address:192.0.2.1', of('secret-token2')),
    ];
    expect(new Set([key, ...others]).size).toBe(5);
  });

  it.each([true, false])('DR-16 F25 remembers a bounded number, the latest ones (good: %s)', (isGood) => {
    const recent = new RecentCredentials(new FakeClock(), 1000);
    const expected = isGood ? 'good' : 'bad';
    recent.note('first', isGood);
    recent.note('second', isGood);
    for (let i = 0; i < 9_999; i++) recent.note(`more-${i}`, isGood);
    expect([recent.find('first'), recent.find('second')]).toEqual([undefined, expected]);
    // What is noted again is the latest.
    recent.note('second', isGood);
    recent.note('one more', isGood);
    expect([recent.find('second'), recent.find('more-0')]).toEqual([expected, undefined]);
  });

  it('F25 lets no flood of bad ones push a good one out', () => {
    const recent = new RecentCredentials(new FakeClock(), 1000);
    recent.note('good', true);
    for (let i = 0; i < 20_000; i++) recent.note(`bad-${i}`, false);
    expect(recent.find('good')).toBe('good');
  });

  it('F25 forgets with time', () => {
    const clock = new FakeClock();
    const recent = new RecentCredentials(clock, 1000);
    recent.note('bad', false);
    recent.note('good', true);
    clock.advance(1000);
    expect([recent.find('bad'), recent.find('good')]).toEqual([undefined, 'good']);
    clock.advance(3_599_000);
    expect(recent.find('good')).toBeUndefined();
  });
});
