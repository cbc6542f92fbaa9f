import { describe, expect, it } from 'vitest';
import { truncatedAddress } from './truncated-address.js';

describe('truncatedAddress', () => {
  it.each([
    ['192.0.2.77', '192.0.2.0'],
    ['::ffff:192.0.2.77', '192.0.2.0'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1::'],
    ['2001:db8::6', '2001:db8:0::'],
    ['::1', '0:0:0::'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0::'],
    ['2001:db8::198.51.100.7', '2001:db8:0::'],
    ['::FFFF:c000:24d', '192.0.2.0'],
    ['', ''],
    ['not an address', ''],
    ['/tmp/socket', ''],
  ])('MO-06 keeps of %j only the network %j', (address, network) => {
    expect(truncatedAddress(address)).toBe(network);
  });
});
