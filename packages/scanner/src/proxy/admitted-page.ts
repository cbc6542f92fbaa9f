import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether a handshake may come from where it says. The address of the proxy is `localhost` with a number: a page of any site can
 * guess it, and would get the network place of whoever runs the proxy, and what rules put into its messages. So a browser is let
 * in from pages of this machine and of origins that were named; a client that is none says no Origin.
 *
 * @param origins of other pages, as browsers write them.
 */
export function isAdmittedPage(
  { origin, 'sec-fetch-site': site }: IncomingHttpHeaders,
  origins: readonly string[],
): boolean {
  if (origin === undefined) return site !== 'cross-site';
  if (origins.includes(origin)) return true;
  const { protocol, hostname } = URL.canParse(origin) ? new URL(origin) : { protocol: '', hostname: '' };
  return /^https?:$/.test(protocol) && /^(?:(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}
