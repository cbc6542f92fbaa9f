import { hash } from 'node:crypto';
import { personOf } from '../core/person.js';
import type { Principal } from '../core/principal.js';

// Parts are joined as JSON: session "a" of issuer "b:c" must not meet session "c:a" of issuer "b".
const join = (kind: string, ...parts: readonly (string | undefined)[]): string =>
  `${kind}:${JSON.stringify(parts.filter((part) => part !== undefined))}`;

/** The key of a principal: all its sessions and tokens. */
export function principalKey(principal: Pick<Principal, 'key'>): string {
  return `principal:${principal.key}`;
}

/** The key of the tenant that a principal belongs to, as its issuer calls it; `undefined` where it has none. */
export function tenantKey({ block, issuer, tenant }: Principal): string | undefined {
  return tenant === undefined ? undefined : join('tenant', block, issuer, tenant);
}

/** The key of the log-in that a principal came with; `undefined` when its credential names none. */
export function sessionKey({ block, issuer, tenant, sessionId }: Principal): string | undefined {
  return sessionId === undefined ? undefined : join('session', block, issuer, sessionId, tenant);
}

/**
 * The key of the API key that a principal came with; `undefined` for other kinds, whose `keyId` names the key that signed
 * and is shared by everybody.
 */
export function apiKeyKey({ block, kind, issuer, keyId }: Principal): string | undefined {
  return kind !== 'api-key' || keyId === undefined ? undefined : join('api-key', block, issuer, keyId);
}

/** What keys of revocations begin with. */
export const REVOCATION_KINDS: ReadonlySet<string> = new Set([
  'principal',
  'ban',
  'token',
  'session',
  'subject',
  'nameless',
  'api-key',
  'signing-key',
  'certificate',
  'notice',
]);

/** The keys by which identities and notices are revoked. An id that an issuer gives is its own, whoever it is for. */
export const revocationKeys = Object.freeze({
  /** @param person of {@link personOf}. */
  principal: (person: string) => `principal:${person}`,
  /** @param person of {@link personOf}. */
  ban: (person: string) => `ban:${person}`,
  token: (issuer: string, tokenId: string) => join('token', issuer, tokenId),
  session: (issuer: string, sessionId: string) => join('session', issuer, sessionId),
  /**
   * @param sub as the issuer wrote it, whatever the application made of it.
   * @param clock `ours`: what the application has dated, and not the issuer.
   */
  subject: (issuer: string, sub: string, clock?: 'ours') => join('subject', issuer, sub, clock),
  /** Those of a subject whose token names no session. @param clock as of `subject`. */
  nameless: (issuer: string, sub: string, clock?: 'ours') => join('nameless', issuer, sub, clock),
  apiKey: (keyId: string) => join('api-key', keyId),
  signingKey: (issuer: string, keyId: string) => join('signing-key', issuer, keyId),
  /** @param thumbprint of {@link thumbprintOf}. */
  certificate: (thumbprint: string) => join('certificate', thumbprint),
  /** A notice of an issuer that was acted on. Hashed, because an id may be as long as its token. */
  notice: (kind: string, issuer: string, jti: string) =>
    `notice:${hash('sha256', JSON.stringify([kind, issuer, jti]), 'base64url')}`,
});

/** SHA-256 as Node, OpenSSL and browsers print it. */
const FINGERPRINT = /^(?:[0-9A-F]{2}:?){31}[0-9A-F]{2}$/i;

/** The SHA-256 fingerprint of a certificate in the form of RFC 8705; `undefined` for what is none. */
export function thumbprintOf(fingerprint: unknown): string | undefined {
  if (typeof fingerprint !== 'string') return undefined;
  if (/^[\w-]{43}$/.test(fingerprint)) return fingerprint;
  return FINGERPRINT.test(fingerprint)
    ? Buffer.from(fingerprint.replaceAll(':', ''), 'hex').toString('base64url')
    : undefined;
}

/** All keys by which a principal may be revoked. */
export function revocationKeysOf(principal: Principal): string[] {
  const { kind, issuer, id, tokenId, sessionId, keyId, claims } = principal;
  const person = personOf(principal);
  const keys = [revocationKeys.principal(person), revocationKeys.ban(person)];
  if (tokenId !== undefined) keys.push(revocationKeys.token(issuer, tokenId));
  if (sessionId !== undefined) keys.push(revocationKeys.session(issuer, sessionId));
  if (keyId !== undefined)
    keys.push(kind === 'api-key' ? revocationKeys.apiKey(keyId) : revocationKeys.signingKey(issuer, keyId));
  // As the issuer wrote them, whatever the application made of them: it is the issuer who tells that they have ended.
  const { sid, sub = id } = claims;
  if (typeof sid === 'string' && sid !== sessionId) keys.push(revocationKeys.session(issuer, sid));
  const clocks = isDatedByIssuer(principal) ? [undefined] : [undefined, 'ours' as const];
  for (const clock of clocks) {
    if (typeof sub === 'string') keys.push(revocationKeys.subject(issuer, sub, clock));
    if (typeof claims['sub'] === 'string' && sid === undefined)
      keys.push(revocationKeys.nameless(issuer, claims['sub'], clock));
  }
  // RFC 8705: a token that is bound to a certificate ends with it.
  const { cnf } = claims as { cnf?: { readonly 'x5t#S256'?: unknown } | null };
  for (const fingerprint of [keyId, cnf?.['x5t#S256']]) {
    const thumbprint = thumbprintOf(fingerprint);
    if (thumbprint !== undefined) keys.push(revocationKeys.certificate(thumbprint));
  }
  return keys;
}

/** Whether the date of a principal is that of a token, and so by the clock of its issuer: also of a ticket that was made with it. */
function isDatedByIssuer({ issuer, issuedAt, claims }: Principal): boolean {
  const { iss, iat } = claims;
  return iss === issuer && typeof iat === 'number' && iat * 1000 === issuedAt;
}

/** What a shared store is given for a key, `address:192.0.2.1` as `address:` and a hash: addresses and names do not leave the node. */
export function hashedKey(key: string): string {
  return `${key.slice(0, key.indexOf(':') + 1)}${hash('sha256', key, 'base64url')}`;
}
