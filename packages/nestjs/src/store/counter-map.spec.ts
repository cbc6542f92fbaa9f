import { describe, expect, it } from 'vitest';
import { type Counter, CounterMap, wideKey } from './counter-map.js';

describe('CounterMap', () => {
  it('DR-16 finds what a full map counts for all of a network', () => {
    const rule = {};
    const create = (key: string): Counter => ({ key, level: 0, previous: undefined, next: undefined, share: () => 1 });
    const map = new CounterMap<object, Counter>(2, create, () => 'rule');
    for (const id of ['a', 'b']) map.settle(map.obtain(rule, `principal:${id}`, 0), 0);
    const shared = map.obtain(rule, 'address:2001:db8:1:2::/64', 0);
    expect(map.size).toBe(2);
    expect(map.find(rule, 'address:2001:db8:1:2::/64', 0)).toBe(shared);
    expect(map.find(rule, 'address:2001:db8:1:3::/64', 0)).toBe(shared);
    expect(map.find(rule, 'address:2001:db8:2:2::/64', 0)).toBeUndefined();
  });
});

describe('wideKey', () => {
  it.each([
    ['address:2001:db8:1:2::/64', 'address:2001:db8:1::/48'],
    ['address:2001:db8:1:ffff::/64', 'address:2001:db8:1::/48'],
    ['address:0:0:0:0::/64', 'address:0:0:0::/48'],
  ])('DR-16 widens %s to %s', (key, wide) => {
    expect(wideKey(key)).toBe(wide);
  });

  it.each([
    'address:192.0.2.1',
    'address:unknown',
    'address:2001:db8:1::/48',
    'principal:["jwt","https://id.example.com","address:1:2:3:4::/64"]',
    'principal:address:1:2:3:4::/64',
    '',
  ])('leaves %s alone', (key) => {
    expect(wideKey(key)).toBe(key);
  });
});
