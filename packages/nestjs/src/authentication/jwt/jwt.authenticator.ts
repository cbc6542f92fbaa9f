import type { Clock } from '../../core/clock.js';
import {
  AuthenticationError,
  type AuthenticationFailure,
  WsAuthenticator,
  type WsCredential,
} from '../authenticator.js';
import { andThen, type Awaitable } from '../../core/awaitable.js';
import type { PrincipalInput } from '../../core/principal.js';
import { type JwtRegisteredClaims, readJwtClaims } from './jwt-claims.js';
import { isTypeAccepted, type JwtHeader } from './jwt-header.js';
import { checkJwtIdentity, type JwtIdentity, type JwtPrincipalMapping, readJwtIdentity } from './jwt-identity.js';
import { JwtKeyRing } from './jwt-key-ring.js';
import { type PrescreenedJwt, prescreenJwt } from './jwt-prescreen.js';
import { JwtVerifier, type VerifiedSignature } from './jwt-verifier.js';
import type { ResolvedJwtOptions } from './jwt.options.js';
import type { JsonObject } from './strict-json.js';

/** Verifies the signature of a token that passed the prescreen. */
export interface SignatureVerifier {
  verify(token: string, header: JwtHeader): Awaitable<VerifiedSignature | AuthenticationFailure>;
}

/** An issuer whose tokens are accepted. */
export interface JwtIssuer {
  readonly options: Omit<ResolvedJwtOptions, 'keys' | 'keySet' | 'remote'>;
  readonly signatures: SignatureVerifier;
}

/** A token that passed every check except those of the identity. */
interface VerifiedJwt extends VerifiedSignature {
  readonly issuer: JwtIssuer;
  readonly claims: JsonObject;
  readonly registered: JwtRegisteredClaims;
}

/**
 * Verifies bearer tokens that are JSON Web Tokens (RFC 7519, RFC 8725, OWASP JWT cheat sheet).
 *
 * The order: what needs no cryptography first; then exactly one verification, with the one key that the token's issuer and
 * `kid` name; then the claims. A token for an unknown subject, an expired one and one with a forged signature so cost the
 * same (OWASP ASVS 5.0 6.3.8). What an attacker can tell apart are unknown issuers and key ids, which are no secrets.
 */
export class JwtAuthenticator extends WsAuthenticator {
  override readonly kind = 'jwt';

  readonly #issuers: ReadonlyMap<string, JwtIssuer>;
  readonly #maxTokenBytes: number;

  constructor(
    issuers: readonly JwtIssuer[],
    private readonly clock: Clock,
  ) {
    super();
    this.#issuers = new Map(issuers.map((one) => [one.options.issuer, one]));
    this.#maxTokenBytes = Math.max(...issuers.map(({ options }) => options.maxTokenBytes));
  }

  override accepts(credential: WsCredential): boolean {
    return credential.scheme === 'bearer';
  }

  /**
   * Verifies a token.
   *
   * @throws {AuthenticationError} when it is refused; none with a text of the token or the library.
   * @throws {IdentityProviderError} when nobody knows the keys.
   */
  override authenticate(credential: WsCredential): Awaitable<PrincipalInput> {
    if (!this.accepts(credential)) throw new AuthenticationError('unsupported-scheme');
    return andThen(this.#verify(credential.value), (verified) => {
      if (typeof verified === 'string') throw new AuthenticationError(verified);
      return andThen(identify(verified), (identity) => principalOf(verified, identity));
    });
  }

  #verify(token: string): Awaitable<VerifiedJwt | AuthenticationFailure> {
    const prescreened = prescreenJwt(token, this.#maxTokenBytes);
    if (typeof prescreened === 'string') return prescreened;
    const { header, unverifiedClaims } = prescreened;
    const issuer = this.#issuerOf(prescreened);
    if (issuer === undefined) return 'bad-issuer';
    const { options, signatures } = issuer;
    if (token.length > options.maxTokenBytes) return 'too-large';
    if (!isTypeAccepted(header.typ, options.typ)) return 'bad-type';
    return andThen(signatures.verify(token, header), (signature) => {
      if (typeof signature === 'string') return signature;
      const claims = unverifiedClaims;
      const registered = readJwtClaims(claims, options, this.clock.now());
      return typeof registered === 'string' ? registered : { issuer, keyId: signature.keyId, claims, registered };
    });
  }

  #issuerOf({ unverifiedClaims: { iss } }: PrescreenedJwt): JwtIssuer | undefined {
    return typeof iss === 'string' ? this.#issuers.get(iss) : undefined;
  }
}

/** Verifies with the keys that stand in the options. */
export function keyVerifier(options: ResolvedJwtOptions): SignatureVerifier {
  const ring = new JwtKeyRing(options.keys.map((key) => new JwtVerifier(key, options)));
  return {
    verify(token, { alg, kid }) {
      const verifier = ring.find(kid);
      if (verifier === undefined) return 'unknown-key';
      if (alg !== verifier.algorithm) return 'bad-algorithm';
      return verifier.verify(token) ?? { keyId: verifier.kid };
    },
  };
}

function identify({ issuer, claims }: VerifiedJwt): Awaitable<JwtIdentity | AuthenticationFailure> {
  const { principal: mapping } = issuer.options;
  return mapping === undefined ? readJwtIdentity(claims) : map(mapping, claims);
}

async function map(mapping: JwtPrincipalMapping, claims: JsonObject): Promise<JwtIdentity | AuthenticationFailure> {
  try {
    return checkJwtIdentity(await mapping(claims));
  } catch (error) {
    // The application may refuse with a word of its own; the text of any other error stays here.
    return error instanceof AuthenticationError ? error.failure : 'bad-claims';
  }
}

function principalOf(
  { issuer, keyId, claims, registered }: VerifiedJwt,
  identity: JwtIdentity | AuthenticationFailure,
): PrincipalInput {
  if (typeof identity === 'string') throw new AuthenticationError(identity);
  const { sessionId = registered.sid, ...rest } = identity;
  return {
    issuer: issuer.options.issuer,
    ...rest,
    ...(sessionId !== undefined && { sessionId }),
    ...(registered.jti !== undefined && { tokenId: registered.jti }),
    ...(keyId !== undefined && { keyId }),
    expiresAt: registered.expiresAtMs,
    claims,
  };
}
