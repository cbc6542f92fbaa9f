import { parseAuthority } from './authority.js';

/** An origin as RFC 6454 defines it: three parts that are compared one by one. */
export interface Origin {
  /** Lower case, without the colon: `https`, `capacitor`. */
  readonly protocol: string;
  readonly hostname: string;
  /** Explicit where the protocol has a default; `undefined` only for other protocols. */
  readonly port: number | undefined;
}

const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ['http', 80],
  ['https', 443],
]);

/** RFC 3986 section 3.1 allows any length; the longest known scheme has 36 characters. */
const PROTOCOL = /^[A-Za-z][A-Za-z0-9+.-]{0,63}$/;

/**
 * Reads an origin, such as `https://app.example.com` or `capacitor://localhost`.
 *
 * `new URL(...).origin` is of no use here: it is `null` for custom schemes, and the parser repairs what must be refused
 * (backslashes, tabs, user information, a path).
 *
 * @returns `undefined` for anything else, including `null` (the opaque origin); never throws.
 */
export function parseOrigin(text: string): Origin | undefined {
  const end = text.indexOf('://');
  if (end === -1) return undefined;
  const protocol = text.slice(0, end);
  const authority = parseAuthority(text.slice(end + 3));
  if (authority === undefined || !PROTOCOL.test(protocol)) return undefined;
  const lower = protocol.toLowerCase();
  return { protocol: lower, hostname: authority.hostname, port: authority.port ?? DEFAULT_PORTS.get(lower) };
}

/** Writes an origin in its one normal form, without a port that is the default. */
export function formatOrigin({ protocol, hostname, port }: Origin): string {
  const isDefault = port === undefined || port === DEFAULT_PORTS.get(protocol);
  return `${protocol}://${hostname}${isDefault ? '' : `:${port}`}`;
}

/** Whether two origins are the same (RFC 6454 section 5). */
export function isSameOrigin(a: Origin, b: Origin): boolean {
  return a.hostname === b.hostname && a.protocol === b.protocol && a.port === b.port;
}
