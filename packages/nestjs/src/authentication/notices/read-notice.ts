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

/** Why a notice is not taken. */
export interface RefusedNotice {
  readonly failure: AuthenticationFailure;
  /** Whether its signature was verified: it is of the server that it names, though not for this one, or not any more. */
  readonly isSigned: boolean;
}

/** What was read of a notice. */
export type ReadNotice<Claims> = { readonly claims: Claims } | { readonly refused: RefusedNotice };

/**
 * Verifies what an authorization server tells in a signed token: that it is known, that the token is of this kind, and its
 * signature, before a claim is looked at.
 *
 * @returns its claims, or why it is refused.
 * @throws {IdentityProviderError} where the keys of the server cannot be had.
 */
export async function readNotice<Issuer extends JwtIssuer, Claims extends object>(
  token: unknown,
  issuers: readonly Issuer[],
  rules: NoticeRules<Issuer, Claims>,
): Promise<ReadNotice<Claims>> {
  if (typeof token !== 'string' || token === '') return unsigned('missing');
  const prescreened = prescreenJwt(token, MAX_TOKEN_BYTES);
  if (typeof prescreened === 'string') return unsigned(prescreened);
  const { header, unverifiedClaims: claims } = prescreened;
  let answer: ReadNotice<Claims> = unsigned('bad-issuer');
  // Gateways may have options of their own for one server: other clients, other types.
  for (const issuer of new Set(issuers)) {
    if (issuer.rules.issuer !== claims['iss']) continue;
    const read = await readFor(issuer, token, { header, claims }, rules);
    if ('claims' in read) return read;
    // One whose keys or types fit knows best why.
    if (!answer.refused.isSigned || read.refused.isSigned) answer = read;
  }
  return answer;
}

async function readFor<Issuer extends JwtIssuer, Claims extends object>(
  issuer: Issuer,
  token: string,
  { header, claims }: { readonly header: JwtHeader; readonly claims: JsonObject },
  { typOf, read }: NoticeRules<Issuer, Claims>,
): Promise<ReadNotice<Claims>> {
  if (header.typ === undefined || !typOf(issuer).has(header.typ)) return unsigned('bad-type');
  const signature = await issuer.signatures.verify(token, header);
  if (typeof signature === 'string') return unsigned(signature);
  const answer = read(claims, issuer);
  return typeof answer === 'string' ? { refused: { failure: answer, isSigned: true } } : { claims: answer };
}

function unsigned(failure: AuthenticationFailure): { readonly refused: RefusedNotice } {
  return { refused: { failure, isSigned: false } };
}
