import { describe, expect, it } from 'vitest';
import { createPrincipal } from '../core/principal.js';
import { FakeClock } from '../testing/fake-clock.js';
import { BanList, MAX_BANS } from './ban-list.js';

const person = (id: string) => createPrincipal({ kind: 'jwt', issuer: 'shop', id });

describe('BanList', () => {
  it('has one ban of each principal, until it ends', () => {
    const clock = new FakeClock();
    const bans = new BanList(clock);
    const soon = new Date(clock.now() + 1000);
    bans.add(person('a'), soon, 'first');
    bans.add(person('b'), new Date(clock.now() + 5000), 'second');
    bans.add(person('a'), soon, 'third');
    expect(bans.list().map(({ number, reason }) => [number, reason])).toEqual([
      [3, 'third'],
      [2, 'second'],
    ]);
    expect([bans.find(1), bans.find(2)?.reason]).toEqual([undefined, 'second']);
    clock.advance(1000);
    expect(bans.list()).toHaveLength(1);
    bans.remove(2);
    expect(bans.list()).toEqual([]);
  });

  it('lists the last hundred', () => {
    const clock = new FakeClock();
    const bans = new BanList(clock);
    for (let i = 0; i < 1000; i++) bans.add(person(`p${i}`), new Date(clock.now() + 1000), 'flood');
    expect(bans.list()).toHaveLength(MAX_BANS);
    expect(bans.list()[0]?.number).toBe(1000);
  });
});
