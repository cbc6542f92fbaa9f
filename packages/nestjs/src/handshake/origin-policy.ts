import { type Origin, formatOrigin, isSameOrigin, parseOrigin } from './origin.js';

/** The resolved form of `handshake.origins`. */
export interface OriginRules {
  readonly exact: readonly Origin[];
  /** Names whose subdomains at any depth may connect over `https` on its default port. */
  readonly parents: readonly string[];
  readonly allowAny: boolean;
  readonly allowNull: boolean;
}

/** What the Origin of a request turned out to be. */
export type OriginVerdict =
  /** No `Origin` field. Whether that passes is decided with the credential, which is known later. */
  | { readonly kind: 'absent' }
  /** Not allowed, or not an origin at all. */
  | { readonly kind: 'denied' }
  /** Allowed; `origin` is `undefined` for the opaque origin `null`. */
  | { readonly kind: 'allowed'; readonly origin: Origin | undefined; readonly text: string };

const ABSENT: OriginVerdict = Object.freeze({ kind: 'absent' });
const DENIED: OriginVerdict = Object.freeze({ kind: 'denied' });

/**
 * Judges the `Origin` field of a handshake: the defence against cross-site WebSocket hijacking (CWE-1385). Browsers send
 * cookies with a WebSocket handshake from any page, and neither CORS nor `SameSite` stops a page on another port.
 */
export function judgeOrigin(field: string | undefined, rules: OriginRules): OriginVerdict {
  if (field === undefined) return ABSENT;
  // Sandboxed frames, file: pages and redirects across origins send "null": it is nobody, and anybody can be it.
  if (field === 'null') return rules.allowNull ? { kind: 'allowed', origin: undefined, text: 'null' } : DENIED;
  const origin = parseOrigin(field);
  if (origin === undefined || !isAllowed(origin, rules)) return DENIED;
  return { kind: 'allowed', origin, text: formatOrigin(origin) };
}

function isAllowed(origin: Origin, rules: OriginRules): boolean {
  return (
    rules.allowAny ||
    rules.exact.some((allowed) => isSameOrigin(origin, allowed)) ||
    (origin.protocol === 'https' &&
      origin.port === 443 &&
      // The dot keeps labels whole: "evil-example.com" is no subdomain of "example.com".
      rules.parents.some((parent) => origin.hostname.endsWith(`.${parent}`)))
  );
}
