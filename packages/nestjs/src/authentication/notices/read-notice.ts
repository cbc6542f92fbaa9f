import type { JsonObject } from '../../core/strict-json.js';
import type { AuthenticationFailure } from '../authentication-failures.js';
import type { JwtHeader } from '../jwt/jwt-header.js';
import { prescreenJwt } from '../jwt/jwt-prescreen.js';
import type { JwtIssuer } from '../jwt/jwt.authenticator.js';

const MAX_TOKEN_BYTES = 8_192;

/** How far the clock of an authorization server may be ahead, in milliseconds. */
export const CLOCK_TOLERANCE_MS = 30_000;

/** What one kind of notices is like: a log-out token, a security event token. */
export interface NoticeRules<Issuer, Claims> {
  /** The values of the header field `typ` that are accepted, in their normal form. */
  readonly typOf: (issuer: Issuer) => ReadonlySet<string>;
  /** Checks the claims of one whose issuer and signature have been verified. */
  readonly read: (claims: JsonObject, issuer: Issuer) => Claims | AuthenticationFailure;
}

/**
 * Verifies what an authorization server tells in a signed token: that it is known, that the token is of this kind, and its
 * signature, before a claim is looked at.
 *
 * @returns the claims, or why it is refused.
 * @throws {IdentityProviderError} where the keys of the server cannot be had.
 */
export async function readNotice<Issuer extends JwtIssuer, Claims extends object>(
  token: unknown,
  issuers: readonly Issuer[],
  rules: NoticeRules<Issuer, Claims>,
): Promise<Claims | AuthenticationFailure> {
  if (typeof token !== 'string' || token === '') return 'missing';
  const prescreened = prescreenJwt(token, MAX_TOKEN_BYTES);
  if (typeof prescreened === 'string') return prescreened;
  const { header, unverifiedClaims: claims } = prescreened;
  let read: Claims | AuthenticationFailure = 'bad-issuer';
  // Gateways may have options of their own for one server: other clients, other types.
  for (const issuer of new Set(issuers)) {
    if (issuer.rules.issuer !== claims['iss']) continue;
    read = await readFor(issuer, token, { header, claims }, rules);
    if (typeof read !== 'string') break;
  }
  return read;
}

async function readFor<Issuer extends JwtIssuer, Claims extends object>(
  issuer: Issuer,
  token: string,
  { header, claims }: { readonly header: JwtHeader; readonly claims: JsonObject },
  { typOf, read }: NoticeRules<Issuer, Claims>,
): Promise<Claims | AuthenticationFailure> {
  if (header.typ === undefined || !typOf(issuer).has(header.typ)) return 'bad-type';
  const signature = await issuer.signatures.verify(token, header);
  return typeof signature === 'string' ? signature : read(claims, issuer);
}
