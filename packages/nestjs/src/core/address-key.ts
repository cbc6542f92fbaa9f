import { isIPv4, isIPv6 } from 'node:net';

/** The key of anything that is not an IP address: every such client shares it (a Unix socket, a closed one). */
export const UNKNOWN_ADDRESS_KEY = 'address:unknown';

/**
 * The key under which an address is counted: IPv4 as it is, IPv6 by /64, which one machine can fill at will (OWASP ASVS
 * 5.0 15.3.4). IPv4 written as IPv6 (RFC 4291 section 2.5.5.2) counts as IPv4, however it is spelt.
 *
 * What is not an address never throws and never goes uncounted: it shares {@link UNKNOWN_ADDRESS_KEY}.
 *
 * @returns `address:192.0.2.1`, or `address:2001:db8:0:1::/64` with all of its four groups written.
 */
export function addressKey(address: string): string {
  if (isIPv4(address)) return `address:${address}`;
  const bare = withoutZone(address);
  if (!isIPv6(bare)) return UNKNOWN_ADDRESS_KEY;
  const groups = addressGroups(bare);
  const mapped = mappedIPv4(groups);
  if (mapped !== undefined) return `address:${mapped}`;
  const network = groups.slice(0, 4).map((group) => group.toString(16));
  return `address:${network.join(':')}::/64`;
}

/**
 * An address in its one form: IPv4 that a dual-stack socket or a proxy writes as IPv6 (`::ffff:192.0.2.1`, `::ffff:c000:201`)
 * as IPv4, everything else as it is. An event, a limit and a rule for proxies so speak of the same client.
 */
export function plainAddress(address: string): string {
  if (!address.includes(':') || !isIPv6(address)) return address;
  // The usual spelling, without taking it apart.
  const tail = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : '';
  if (isIPv4(tail)) return tail;
  return /^[0:]*:ffff:/i.test(address) ? (mappedIPv4(addressGroups(withoutZone(address))) ?? address) : address;
}

/** Whether the address of a socket is this machine's own, IPv4 written as IPv6 included. */
export function isLoopbackAddress(address: string | undefined): boolean {
  if (address === undefined) return false;
  const plain = plainAddress(address);
  return plain === '::1' || (plain.startsWith('127.') && isIPv4(plain));
}

/** A zone names an interface of this machine, not another client. */
function withoutZone(address: string): string {
  const zone = address.indexOf('%');
  return zone === -1 ? address : address.slice(0, zone);
}

/** The eight groups of a valid IPv6 address that has no zone. */
export function addressGroups(address: string): readonly number[] {
  const [head = '', tail] = address.split('::');
  const front = readGroups(head);
  if (tail === undefined) return front;
  const back = readGroups(tail);
  return [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back];
}

function readGroups(text: string): readonly number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

function mappedIPv4(groups: readonly number[]): string | undefined {
  const [, , , , , marker, high = 0, low = 0] = groups;
  if (marker !== 0xffff || groups.slice(0, 5).some((group) => group !== 0)) return undefined;
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
