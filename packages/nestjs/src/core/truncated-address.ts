import { isIPv4, isIPv6 } from 'node:net';
import { addressGroups, plainAddress } from './address-key.js';

/** How many groups of an IPv6 address name the network of a customer (RFC 6177): /48. */
const NETWORK_GROUPS = 3;

/** The network of an IP address: the /24 of an IPv4, the /48 of an IPv6 address. Anything else becomes `''`. */
export function truncatedAddress(address: string): string {
  const plain = plainAddress(address);
  if (isIPv4(plain)) return `${plain.slice(0, plain.lastIndexOf('.'))}.0`;
  if (!isIPv6(plain)) return '';
  const network = addressGroups(plain).slice(0, NETWORK_GROUPS);
  return `${network.map((group) => group.toString(16)).join(':')}::`;
}
