import type { IncomingMessage } from 'node:http';
import { AuthenticationError, WsAuthenticator, type WsCredential } from '../authenticator.js';
import { WsCsrfTokens } from '../csrf-tokens.js';
import { isIdentifier } from '../../core/identifier.js';
import { type Principal, PrincipalError, type PrincipalInput } from '../../core/principal.js';
import { readSessionCookie, type SessionCookie } from './session-cookie.js';
import type { ResolvedSessionOptions } from './session.options.js';
import type { SessionIdentity, WsSessionVerifier } from './ws-session-verifier.js';

/** The issuer of sessions whose verifier names none. */
const SESSION_ISSUER = 'session';

/**
 * Verifies the session cookie: an ambient credential, which a browser adds whichever page opens the connection. By itself
 * it proves who the visitor is, and nothing about the page; the CSRF token does that (HS-18).
 */
export class SessionAuthenticator extends WsAuthenticator {
  override readonly kind = 'session';

  readonly #cookie: string;
  readonly #tokens: WsCsrfTokens;

  constructor(
    options: Pick<ResolvedSessionOptions, 'cookie' | 'csrfKeys'>,
    private readonly verifier: WsSessionVerifier,
  ) {
    super();
    this.#cookie = options.cookie;
    this.#tokens = new WsCsrfTokens(options.csrfKeys);
  }

  /** Finds the session cookie in a `Cookie` field. */
  find(cookieField: string | undefined): SessionCookie {
    return readSessionCookie(cookieField, this.#cookie);
  }

  override accepts(credential: WsCredential): boolean {
    return credential.source === 'cookie';
  }

  override async authenticate(credential: WsCredential, request: IncomingMessage): Promise<PrincipalInput> {
    const identity = (await this.verifier.verify(credential.value, request)) as SessionIdentity | null | undefined;
    if (identity === undefined || identity === null) throw new AuthenticationError('ended-session');
    if (typeof identity !== 'object' || !isIdentifier(identity.sessionId)) {
      throw new PrincipalError('A WsSessionVerifier must answer { id, sessionId, ... }, the sessionId an identifier.');
    }
    return { ...identity, kind: this.kind, issuer: identity.issuer ?? SESSION_ISSUER };
  }

  /** Whether a CSRF token belongs to the session of a principal that {@link authenticate} made. */
  isCsrfTokenOf(token: string, principal: Principal): boolean {
    return this.#tokens.isValid(token, principal.sessionId ?? '');
  }
}

/**
 * Whether an explicit credential and a session beside it name the same subject (AN-04). A session whose verifier names no
 * issuer shares the ids of the tokens' issuer.
 */
export function isSameSubject(explicit: Principal, session: Principal): boolean {
  return (
    explicit.id === session.id &&
    explicit.tenant === session.tenant &&
    (session.issuer === SESSION_ISSUER || session.issuer === explicit.issuer)
  );
}
