import { describe, expect, it } from 'vitest';
import { addressKey, isLoopbackAddress, plainAddress, UNKNOWN_ADDRESS_KEY } from './address-key.js';

describe('addressKey', () => {
  it.each([
    ['192.0.2.1', 'address:192.0.2.1'],
    ['::ffff:192.0.2.1', 'address:192.0.2.1'],
    ['::FFFF:192.0.2.1', 'address:192.0.2.1'],
    ['::ffff:c000:201', 'address:192.0.2.1'],
    ['0:0:0:0:0:ffff:c000:0201', 'address:192.0.2.1'],
    ['0000:0000:0000:0000:0000:ffff:192.0.2.1', 'address:192.0.2.1'],
    ['::ffff:192.0.2.1%eth0', 'address:192.0.2.1'],
  ])('DR-16 counts %s as IPv4: %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });

  it.each([
    ['2001:db8:1:2:3:4:5:6', 'address:2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::', 'address:2001:db8:1:2::/64'],
    ['2001:db8:1:2:ffff:ffff:ffff:ffff', 'address:2001:db8:1:2::/64'],
    ['2001:db8::1', 'address:2001:db8:0:0::/64'],
    ['2001:db8:0:0:1::', 'address:2001:db8:0:0::/64'],
    ['::1', 'address:0:0:0:0::/64'],
    ['::', 'address:0:0:0:0::/64'],
    ['fe80::1%eth0', 'address:fe80:0:0:0::/64'],
    ['fe80::1%25', 'address:fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', 'address:64:ff9b:0:0::/64'],
    ['::1:ffff:c000:201', 'address:0:0:0:0::/64'],
    ['1::ffff:192.0.2.1', 'address:1:0:0:0::/64'],
  ])('DR-16 counts %s by /64: %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });

  it.each(['', 'unix', '999.1.1.1', '192.0.2.1:80', '[::1]', '1:2:3', '192.0.2.1, 10.0.0.1', '::ffff:999.0.0.1', '%'])(
    'never lets %j go uncounted',
    (address) => {
      expect(addressKey(address)).toBe(UNKNOWN_ADDRESS_KEY);
    },
  );
});

describe('isLoopbackAddress', () => {
  it.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])('knows %s', (address) => {
    expect(isLoopbackAddress(address)).toBe(true);
  });

  it.each([undefined, '', '10.0.0.1', '::ffff:10.0.0.1', 'fe80::1', '::', '127.', 'localhost'])(
    'TR-01 does not take %s for this machine',
    (address) => {
      expect(isLoopbackAddress(address)).toBe(false);
    },
  );
});

describe('plainAddress', () => {
  it.each([
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:c000:0201', '192.0.2.1'],
    ['0000:0000:0000:0000:0000:ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8::1', '2001:db8::1'],
    ['::1', '::1'],
    ['::ffff:192.0.2.1%eth0', '192.0.2.1'],
    ['::ffff:c000:201%eth0', '192.0.2.1'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    ['1::ffff:192.0.2.1', '1::ffff:192.0.2.1'],
    ['::ffff:nonsense', '::ffff:nonsense'],
    ['', ''],
  ])('F39 writes %s as %s', (address, expected) => {
    expect(plainAddress(address)).toBe(expected);
  });
});
