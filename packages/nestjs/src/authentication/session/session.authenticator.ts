import type { IncomingMessage } from 'node:http';
import { AmbientAuthenticator } from '../ambient.authenticator.js';
import { AuthenticationError, type WsCredential } from '../authenticator.js';
import { WsCsrfTokens } from '../csrf-tokens.js';
import { isIdentifier } from '../../core/identifier.js';
import { OWN_ISSUERS } from '../../core/person.js';
import { type Principal, PrincipalError, type PrincipalInput } from '../../core/principal.js';
import { readSessionCookie, type SessionCookie } from './session-cookie.js';
import type { ResolvedSessionOptions } from './session.options.js';
import type { SessionIdentity, WsSessionVerifier } from './ws-session-verifier.js';

/** The issuer of sessions whose verifier names none. */
const SESSION_ISSUER = OWN_ISSUERS.session;

/**
 * Verifies the session cookie: an ambient credential, which a browser adds whichever page opens the connection. By itself
 * it proves who the visitor is, and nothing about the page; the CSRF token does that (HS-18).
 */
export class SessionAuthenticator extends AmbientAuthenticator {
  override readonly kind = 'session';
  override readonly ownIssuer = SESSION_ISSUER;
  override readonly needsPage = true;

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
    // A session begins when its user logs in.
    const { issuer = SESSION_ISSUER, authenticatedAt = identity.issuedAt ?? 0 } = identity;
    return { ...identity, kind: this.kind, issuer, authenticatedAt };
  }

  override isCsrfTokenOf(token: string, principal: Principal): boolean {
    return this.#tokens.isValid(token, principal.sessionId ?? '');
  }
}
