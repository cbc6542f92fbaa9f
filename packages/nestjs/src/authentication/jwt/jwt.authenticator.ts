import type { IncomingMessage } from 'node:http';
import { andThen, type Awaitable } from '../../core/awaitable.js';
import type { PrincipalInput } from '../../core/principal.js';
import type { AuthenticationFailure } from '../authentication-failures.js';
import { AuthenticationError, WsAuthenticator, type WsCredential, type WsHandshakeFacts } from '../authenticator.js';
import type { ClaimsAcceptance, VouchedClaims } from './claims-acceptance.js';
import { isTypeAccepted, type JwtHeader } from './jwt-header.js';
import { JwtKeyRing } from './jwt-key-ring.js';
import { prescreenJwt, splitJwt } from './jwt-prescreen.js';
import { JwtVerifier, type VerifiedSignature } from './jwt-verifier.js';
import type { ResolvedJwtOptions } from './jwt.options.js';
import type { JsonObject } from '../../core/strict-json.js';
import type { ResolvedTokenRules } from './token-rules.js';

/** Verifies the signature of a token that passed the prescreen. */
export interface SignatureVerifier {
  verify(token: string, header: JwtHeader): Awaitable<VerifiedSignature | AuthenticationFailure>;
}

/** An issuer whose tokens are accepted. */
export interface JwtIssuer {
  readonly rules: ResolvedTokenRules;
  readonly signatures: SignatureVerifier;
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
    private readonly acceptance: ClaimsAcceptance,
  ) {
    super();
    this.#issuers = new Map(issuers.map((one) => [one.rules.issuer, one]));
    this.#maxTokenBytes = Math.max(...issuers.map(({ rules }) => rules.maxTokenBytes));
  }

  override accepts(credential: WsCredential): boolean {
    return this.acceptance.senders.accepts(credential);
  }

  /**
   * Verifies a token.
   *
   * @throws {AuthenticationError} when it is refused; none with a text of the token or the library.
   * @throws {IdentityProviderError} when nobody knows the keys.
   */
  override authenticate(
    credential: WsCredential,
    request: IncomingMessage,
    facts?: WsHandshakeFacts,
  ): Awaitable<PrincipalInput> {
    if (!this.accepts(credential)) throw new AuthenticationError('unsupported-scheme');
    return andThen(this.verify(credential.value), (vouched) => {
      if (typeof vouched === 'string') throw new AuthenticationError(vouched);
      return this.acceptance.accept(vouched, credential, request, facts);
    });
  }

  /** Whether a token names an issuer that is accepted here. Nothing of it is verified. */
  isOfIssuer(token: string): boolean {
    const parts = splitJwt(token, this.#maxTokenBytes);
    return typeof parts !== 'string' && this.#issuerOf(parts.claims) !== undefined;
  }

  /** Verifies shape, header and signature of a token, and none of its claims. */
  verify(token: string): Awaitable<VouchedClaims | AuthenticationFailure> {
    const prescreened = prescreenJwt(token, this.#maxTokenBytes);
    if (typeof prescreened === 'string') return prescreened;
    const { header, unverifiedClaims: claims } = prescreened;
    const issuer = this.#issuerOf(claims);
    if (issuer === undefined) return 'bad-issuer';
    const { rules, signatures } = issuer;
    if (token.length > rules.maxTokenBytes) return 'too-large';
    if (!isTypeAccepted(header.typ, rules.typ)) return 'bad-type';
    return andThen(signatures.verify(token, header), (signature) =>
      typeof signature === 'string' ? signature : { claims, rules, keyId: signature.keyId },
    );
  }

  #issuerOf({ iss }: JsonObject): JwtIssuer | undefined {
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
