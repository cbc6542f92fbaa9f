import { isIPv4, isIPv6 } from 'node:net';

/** A host with an optional port, as in the `Host` field and inside an origin. */
export interface Authority {
  /** Lower case; an IPv6 address in brackets and in its shortest form. */
  readonly hostname: string;
  /** `undefined` where none was written. */
  readonly port: number | undefined;
}

/** RFC 1035 section 2.3.4 allows 253 characters for a name; brackets, colon and port come on top. */
const MAX_LENGTH = 261;

// Labels and dots cannot match the same character, so this runs in linear time. A trailing dot, an empty label, user
// information, a percent sign and everything beyond ASCII fall through.
const SHAPE = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)(?::([1-9][0-9]{0,4}))?$/;

/**
 * Reads `host` or `host:port` (RFC 9110 section 7.2).
 *
 * @returns `undefined` for anything that is not exactly that; never throws.
 */
export function parseAuthority(text: string): Authority | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const match = SHAPE.exec(text);
  const host = match?.[1];
  if (match === null || host === undefined) return undefined;
  const port = match[2] === undefined ? undefined : Number(match[2]);
  if (port !== undefined && port > 65_535) return undefined;
  if (!host.startsWith('[')) return { hostname: host.toLowerCase(), port };
  if (!isIPv6(host.slice(1, -1))) return undefined;
  return { hostname: new URL(`http://${host}`).hostname, port };
}

/** Whether a host name of {@link parseAuthority} is this machine's own: `localhost`, 127.0.0.0/8 or `[::1]`. */
export function isLoopbackHostname(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname === '[::1]' ||
    // Only the four-part form: "127.0.0.1.evil.example" is a name that anyone can register.
    (hostname.startsWith('127.') && isIPv4(hostname))
  );
}
