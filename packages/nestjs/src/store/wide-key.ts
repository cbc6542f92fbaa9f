const IPV6_64 = /^address:([0-9a-f]{1,4}:[0-9a-f]{1,4}:[0-9a-f]{1,4}):[0-9a-f]{1,4}::\/64$/;

/**
 * The key that an address shares where there is no room for one of its own: for IPv6 its /48, the most that one customer of
 * a provider usually has (RFC 6177), of which it can make 65,536 keys.
 *
 * IPv4 keeps its own: nobody completes a handshake from addresses at will there, and a flood of IPv6 keys must not make
 * strangers on IPv4 share one budget.
 *
 * @returns the key itself where there is none to share.
 */
export function wideKey(key: string): string {
  const network = IPV6_64.exec(key)?.[1];
  return network === undefined ? key : `address:${network}::/48`;
}
