import type { Clock } from '../../core/clock.js';
import {
  AuthenticationError,
  type AuthenticationFailure,
  WsAuthenticator,
  type WsCredential,
} from '../authenticator.js';
import { type Awaitable, isPromiseLike } from '../../core/awaitable.js';
import type { PrincipalInput } from '../../core/principal.js';
import { type JwtRegisteredClaims, readJwtClaims } from './jwt-claims.js';
import { isTypeAccepted } from './jwt-header.js';
import { checkJwtIdentity, type JwtIdentity, type JwtPrincipalMapping, readJwtIdentity } from './jwt-identity.js';
import { JwtKeyRing } from './jwt-key-ring.js';
import { type PrescreenedJwt, prescreenJwt } from './jwt-prescreen.js';
import { JwtVerifier } from './jwt-verifier.js';
import type { ResolvedJwtOptions } from './jwt.options.js';
import type { JsonObject } from './strict-json.js';

interface Issuer {
  readonly options: ResolvedJwtOptions;
  readonly ring: JwtKeyRing<JwtVerifier>;
}

/** A token that passed every check except those of the identity. */
interface VerifiedJwt {
  readonly issuer: Issuer;
  readonly verifier: JwtVerifier;
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

  readonly #issuers: ReadonlyMap<string, Issuer>;
  readonly #maxTokenBytes: number;

  constructor(
    options: readonly ResolvedJwtOptions[],
    private readonly clock: Clock,
  ) {
    super();
    this.#issuers = new Map(options.map((one) => [one.issuer, issuerOf(one)]));
    this.#maxTokenBytes = Math.max(...options.map(({ maxTokenBytes }) => maxTokenBytes));
  }

  override accepts(credential: WsCredential): boolean {
    return credential.scheme === 'bearer';
  }

  /**
   * Verifies a token.
   *
   * @throws {AuthenticationError} when it is refused; no other error, and none with a text of the token or the library.
   */
  override authenticate(credential: WsCredential): Awaitable<PrincipalInput> {
    if (!this.accepts(credential)) throw new AuthenticationError('unsupported-scheme');
    const verified = this.#verify(credential.value, this.clock.now());
    if (typeof verified === 'string') throw new AuthenticationError(verified);
    const identity = identify(verified);
    return isPromiseLike(identity)
      ? identity.then((settled) => principalOf(verified, settled))
      : principalOf(verified, identity);
  }

  #verify(token: string, nowMs: number): VerifiedJwt | AuthenticationFailure {
    const prescreened = prescreenJwt(token, this.#maxTokenBytes);
    if (typeof prescreened === 'string') return prescreened;
    const { header, unverifiedClaims } = prescreened;
    const issuer = this.#issuerOf(prescreened);
    if (issuer === undefined) return 'bad-issuer';
    const { options, ring } = issuer;
    if (token.length > options.maxTokenBytes) return 'too-large';
    if (!isTypeAccepted(header.typ, options.typ)) return 'bad-type';
    const verifier = ring.find(header.kid);
    if (verifier === undefined) return 'unknown-key';
    if (header.alg !== verifier.algorithm) return 'bad-algorithm';
    const failure = verifier.verify(token);
    if (failure !== undefined) return failure;
    const registered = readJwtClaims(unverifiedClaims, options, nowMs);
    return typeof registered === 'string' ? registered : { issuer, verifier, claims: unverifiedClaims, registered };
  }

  #issuerOf({ unverifiedClaims: { iss } }: PrescreenedJwt): Issuer | undefined {
    return typeof iss === 'string' ? this.#issuers.get(iss) : undefined;
  }
}

function issuerOf(options: ResolvedJwtOptions): Issuer {
  return { options, ring: new JwtKeyRing(options.keys.map((key) => new JwtVerifier(key, options))) };
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
  { issuer, verifier, claims, registered }: VerifiedJwt,
  identity: JwtIdentity | AuthenticationFailure,
): PrincipalInput {
  if (typeof identity === 'string') throw new AuthenticationError(identity);
  const { sessionId = registered.sid, ...rest } = identity;
  return {
    issuer: issuer.options.issuer,
    ...rest,
    ...(sessionId !== undefined && { sessionId }),
    ...(registered.jti !== undefined && { tokenId: registered.jti }),
    ...(verifier.kid !== undefined && { keyId: verifier.kid }),
    expiresAt: registered.expiresAtMs,
    claims,
  };
}
