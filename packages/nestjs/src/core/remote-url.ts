import { isLoopbackAddress } from './address-key.js';

/** Which addresses may be fetched. */
export interface RemoteUrlRules {
  /** As `URL.host` writes them; `undefined` for an address that stands in the options, and names its own host. */
  readonly hosts?: ReadonlySet<string>;
  readonly isProduction: boolean;
}

/**
 * Reads the address of a service: `https`, or `http` on this machine outside production. An address that came from the
 * service itself must also be of a listed host, or whoever can change one document names any server.
 *
 * @returns what is wrong with it, as the end of a sentence, when it may not be fetched.
 */
export function readRemoteUrl(text: unknown, { hosts, isProduction }: RemoteUrlRules): URL | string {
  if (typeof text !== 'string' || !URL.canParse(text)) return 'must be an https URL.';
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || url.hash !== '') return 'must have no user, password or fragment.';
  const isLocal = url.protocol === 'http:' && !isProduction && isLoopbackName(url.hostname);
  if (url.protocol !== 'https:' && !isLocal) return 'must be an https URL; http is for this machine, in development.';
  if (hosts !== undefined && !hosts.has(url.host)) return `names the host ${url.host}, which is not listed.`;
  return url;
}

function isLoopbackName(hostname: string): boolean {
  return hostname === 'localhost' || isLoopbackAddress(hostname.replace(/^\[(.*)\]$/, '$1'));
}
