import type { IncomingMessage } from 'node:http';
import { andThen, type Awaitable } from '../../core/awaitable.js';
import type { Clock } from '../../core/clock.js';
import type { PrincipalInput } from '../../core/principal.js';
import type { AuthenticationFailure } from '../authentication-failures.js';
import { AuthenticationError, type WsCredential, type WsHandshakeFacts } from '../authenticator.js';
import type { SenderConstraints } from '../sender-constraint/sender-constraints.js';
import { isDate, type JwtRegisteredClaims, readJwtClaims } from './jwt-claims.js';
import { checkJwtIdentity, type JwtIdentity, type JwtPrincipalMapping, readJwtIdentity } from './jwt-identity.js';
import type { JsonObject } from '../../core/strict-json.js';
import type { ResolvedTokenRules } from './token-rules.js';

/** Claims that a key or an authorization server vouches for. */
export interface VouchedClaims {
  readonly claims: JsonObject;
  readonly rules: ResolvedTokenRules;
  /** The `kid` of the key that signed them. */
  readonly keyId?: string | undefined;
}

/** What claims are accepted with: the one check behind every kind of access token. */
export class ClaimsAcceptance {
  constructor(
    private readonly clock: Clock,
    readonly senders: SenderConstraints,
  ) {}

  /**
   * Judges the claims, then who sends them, then makes the identity.
   *
   * @throws {AuthenticationError} when they are refused; at once or as a rejection.
   */
  accept(
    vouched: VouchedClaims,
    credential: WsCredential,
    request: IncomingMessage,
    facts?: WsHandshakeFacts,
  ): Awaitable<PrincipalInput> {
    const { claims, rules } = vouched;
    const registered = readJwtClaims(claims, rules, this.clock.now());
    if (typeof registered === 'string') throw new AuthenticationError(registered);
    return andThen(this.senders.check(claims['cnf'], credential, request, facts), () =>
      andThen(identify(vouched), (identity) => principalOf(vouched, registered, identity)),
    );
  }
}

function identify({ rules, claims }: VouchedClaims): Awaitable<JwtIdentity | AuthenticationFailure> {
  const { principal: mapping } = rules;
  return mapping === undefined ? readJwtIdentity(claims) : map(mapping, claims);
}

async function map(mapping: JwtPrincipalMapping, claims: JsonObject): Promise<JwtIdentity | AuthenticationFailure> {
  try {
    return checkJwtIdentity(await mapping(claims));
  } catch (error) {
    // The application may refuse with a word of its own. Any other error is a fault of the mapping, for its operator to see.
    if (error instanceof AuthenticationError) throw error;
    throw new AuthenticationError('bad-mapping', { cause: error });
  }
}

function principalOf(
  { rules, keyId, claims }: VouchedClaims,
  registered: JwtRegisteredClaims,
  identity: JwtIdentity | AuthenticationFailure,
): PrincipalInput {
  if (typeof identity === 'string') throw new AuthenticationError(identity);
  const { sessionId = registered.sid, authenticatedAt = loginOf(claims), ...rest } = identity;
  return {
    issuer: rules.issuer,
    ...rest,
    ...(sessionId !== undefined && { sessionId }),
    ...(registered.jti !== undefined && { tokenId: registered.jti }),
    ...(keyId !== undefined && { keyId }),
    issuedAt: registered.issuedAtMs,
    authenticatedAt,
    expiresAt: registered.expiresAtMs,
    claims,
  };
}

/**
 * When the user logged in (OpenID Connect Core section 2, RFC 9470 section 6.2). The `iat` says nothing about that: a token is
 * renewed without the user. What is no date is not known, and no reason to refuse a token that nobody asks for it.
 */
function loginOf({ auth_time: time }: JsonObject): number {
  return isDate(time) ? time * 1000 : 0;
}
