import { describe, expect, it } from 'vitest';
import { wideKey } from './counter-map.js';

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
