import type { IncomingMessage } from 'node:http';
import type { PrincipalInput } from '../../core/principal.js';

/** What a verifier knows of a session: whose it is, and its id. */
export interface SessionIdentity extends Omit<PrincipalInput, 'kind' | 'issuer' | 'sessionId'> {
  /** The id of the session: what CSRF tokens are bound to, and what a log-out names. Not the value of the cookie. */
  readonly sessionId: string;
  /**
   * Who vouches for the identity. Set it to the issuer of your tokens where users of both are the same people.
   *
   * @default 'session'
   */
  readonly issuer?: string;
  /**
   * When the user logged in, in milliseconds since 1970. Without it `WsRevocationService.revokePrincipal()` cannot tell this
   * session from one that begins after a password was changed: its connections close, and it opens new ones.
   *
   * @default now
   */
  readonly issuedAt?: number;
  /** When the user last proved who they are, in milliseconds since 1970: `@WsStepUp()` asks. @default `issuedAt`, where it is set */
  readonly authenticatedAt?: number;
}

/**
 * Finds the session that a cookie stands for. The application implements it: it knows the store and the signature of its
 * session cookies.
 *
 * @example
 * ```ts
 * @Injectable()
 * export class Sessions extends WsSessionVerifier {
 *   constructor(private readonly store: SessionStore) { super(); }
 *   async verify(cookie: string) {
 *     const session = await this.store.find(unsign(cookie));
 *     const { id: sessionId, userId: id, loggedInAt: issuedAt, expiresAt } = session ?? {};
 *     return session && { id, sessionId, issuedAt, expiresAt };
 *   }
 * }
 * ```
 */
export abstract class WsSessionVerifier {
  /**
   * Verifies the value of the session cookie: its signature, that the session is there, and that it has not ended. It must
   * never start a session.
   *
   * @param cookie the value as the client sent it, not decoded; at most 4096 printable ASCII characters.
   * @returns the identity, or `undefined` for every cookie that stands for no session. A throw refuses as unavailable.
   */
  abstract verify(cookie: string, request: IncomingMessage): Promise<SessionIdentity | undefined>;
}
