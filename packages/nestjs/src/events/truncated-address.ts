import { isIPv4, isIPv6 } from 'node:net';

/** How many groups of an IPv6 address name the network of a customer (RFC 6177): /48. */
const NETWORK_GROUPS = 3;

/** The network of an IP address: the /24 of an IPv4, the /48 of an IPv6 address. Anything else becomes `''`. */
export function truncatedAddress(address: string): string {
  const mapped = address.slice(address.lastIndexOf(':') + 1);
  // `::ffff:192.0.2.7`: an IPv4 peer on a dual-stack socket.
  if (isIPv4(mapped)) return `${mapped.slice(0, mapped.lastIndexOf('.'))}.0`;
  return isIPv6(address) ? `${networkGroups(address).join(':')}::` : '';
}

function networkGroups(address: string): string[] {
  const [head = '', tail = ''] = address.split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === '' ? [] : tail.split(':');
  const zeros = new Array<string>(Math.max(0, 8 - first.length - last.length)).fill('0');
  return [...first, ...zeros, ...last].slice(0, NETWORK_GROUPS);
}
