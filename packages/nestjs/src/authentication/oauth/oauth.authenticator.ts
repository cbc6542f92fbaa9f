import type { IncomingMessage } from 'node:http';
import type { Awaitable } from '../../core/awaitable.js';
import type { PrincipalInput } from '../../core/principal.js';
import { AuthenticationError, WsAuthenticator, type WsCredential, type WsHandshakeFacts } from '../authenticator.js';
import type { LogoutIssuer } from '../back-channel-logout/ws-back-channel-logout.js';
import type { ClaimsAcceptance } from '../jwt/claims-acceptance.js';
import type { JwtAuthenticator } from '../jwt/jwt.authenticator.js';
import type { ResolvedTokenRules } from '../jwt/token-rules.js';
import type { SignalIssuer } from '../shared-signals/ws-shared-signals.js';
import type { TokenIntrospection } from './token-introspection.js';

/** Tokens that only their authorization server can read. */
export interface OpaqueTokens {
  readonly rules: ResolvedTokenRules;
  readonly introspection: TokenIntrospection;
}

/** Three segments: a JSON Web Token, which is never sent to the introspection endpoint of anybody. */
const LOOKS_LIKE_JWT = /^[^.]*\.[^.]*\.[^.]*$/;

/** Verifies the access tokens of authorization servers: JSON Web Tokens (RFC 9068) and opaque ones (RFC 7662). */
export class OAuthAuthenticator extends WsAuthenticator {
  override readonly kind = 'oauth';

  /** @param isAlone whether every token is this one's; otherwise those of other issuers are left to the next authenticator. */
  constructor(
    private readonly tokens: JwtAuthenticator,
    private readonly opaque: OpaqueTokens | undefined,
    private readonly acceptance: ClaimsAcceptance,
    private readonly isAlone: boolean,
    /** Those of its servers that tell who has logged out. */
    readonly logouts: readonly LogoutIssuer[] = [],
    /** Those of its servers that tell what has changed. */
    readonly signals: readonly Omit<SignalIssuer, 'block'>[] = [],
  ) {
    super();
  }

  override accepts(credential: WsCredential): boolean {
    if (!this.acceptance.senders.accepts(credential)) return false;
    if (this.isAlone) return true;
    return LOOKS_LIKE_JWT.test(credential.value) ? this.tokens.isOfIssuer(credential.value) : this.opaque !== undefined;
  }

  /**
   * Verifies a token.
   *
   * @throws {AuthenticationError} when it is refused.
   * @throws {IdentityProviderError} when its authorization server does not say.
   */
  override authenticate(
    credential: WsCredential,
    request: IncomingMessage,
    facts?: WsHandshakeFacts,
  ): Awaitable<PrincipalInput> {
    const { opaque } = this;
    if (opaque === undefined || LOOKS_LIKE_JWT.test(credential.value)) {
      return this.tokens.authenticate(credential, request, facts);
    }
    if (!this.accepts(credential)) throw new AuthenticationError('unsupported-scheme');
    return this.#introspect(opaque, credential, request, facts);
  }

  async #introspect(
    { rules, introspection }: OpaqueTokens,
    credential: WsCredential,
    request: IncomingMessage,
    facts: WsHandshakeFacts | undefined,
  ): Promise<PrincipalInput> {
    if (credential.value.length > rules.maxTokenBytes) throw new AuthenticationError('too-large');
    const said = await introspection.introspect(credential.value);
    if (said === undefined) throw new AuthenticationError('inactive');
    // RFC 7662 section 2.2 lets the server omit `iss`: it is the one that was asked. If present, it must match.
    const claims = said['iss'] === undefined ? { ...said, iss: rules.issuer } : said;
    return this.acceptance.accept({ claims, rules }, credential, request, facts);
  }
}
