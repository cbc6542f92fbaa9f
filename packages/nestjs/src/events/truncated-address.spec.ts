import { expect, it } from 'vitest';
import { truncatedAddress } from './truncated-address.js';

it.each([
  ['192.0.2.77', '192.0.2.0'],
  ['::ffff:192.0.2.77', '192.0.2.0'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1::'],
  ['2001:db8::6', '2001:db8:0::'],
  ['::1', '0:0:0::'],
  ['', ''],
  ['not an address', ''],
  ['/tmp/socket', ''],
])('MO-06 keeps of %j only the network %j', (address, network) => {
  expect(truncatedAddress(address)).toBe(network);
});
