import { createHash } from 'node:crypto';
import type { Clock } from '../../core/clock.js';
import type { SecureWsStore } from '../../store/secure-ws.store.js';
import { AuthenticationError, type AuthenticationFailure } from '../authenticator.js';
import { prescreenJwt } from '../jwt/jwt-prescreen.js';
import type { JwtIssuer } from '../jwt/jwt.authenticator.js';
import type { ResolvedBackChannelLogoutOptions } from './back-channel-logout.options.js';
import { CLOCK_TOLERANCE_MS, type EndedSession, type LogoutClaims, readLogoutClaims } from './logout-claims.js';

const MAX_TOKEN_BYTES = 8_192;

/** Ends the connections of a log-in. @returns how many there were. */
export type EndSession = (ended: EndedSession) => Promise<number>;

/** An authorization server that tells who has logged out. */
export interface LogoutIssuer extends JwtIssuer {
  readonly logout: ResolvedBackChannelLogoutOptions;
}

/** What a {@link WsBackChannelLogout} is made of. */
export interface BackChannelLogoutParts {
  readonly clock: Clock;
  readonly store: SecureWsStore;
  /** Whether an option asks for it. */
  readonly isConfigured: boolean;
  /** Those of the module and of its gateways. None before the application has started. */
  readonly issuers: () => readonly LogoutIssuer[];
  readonly endSession: EndSession;
  readonly onRefused: (failure: AuthenticationFailure) => void;
}

/**
 * Takes the log-out tokens of authorization servers, and closes the connections of the log-in that has ended with
 * `LOGGED_OUT` (4512). Injectable, for an HTTP route of the application; {@link backChannelLogoutController} is a ready one.
 */
export class WsBackChannelLogout {
  /** @internal */
  constructor(private readonly parts: BackChannelLogoutParts) {}

  /** @internal Whether an option asks for it. */
  get isConfigured(): boolean {
    return this.parts.isConfigured;
  }

  /**
   * Verifies a log-out token and ends its log-in. Each token is good once.
   *
   * @param token the field `logout_token` of the request.
   * @returns how many connections were closed.
   * @throws {AuthenticationError} when the token is refused, which is audited; answer `400`.
   * @throws {Error} any other one when nobody can tell: answer `503`, and the server will come again.
   */
  async receive(token: unknown): Promise<number> {
    const read = typeof token === 'string' ? await this.#read(token) : 'missing';
    if (typeof read === 'string') return this.#refuse(read);
    const { jti, ...ended } = read;
    const id = createHash('sha256')
      .update(JSON.stringify([ended.issuer, jti]))
      .digest('base64url');
    const isFirst = await this.parts.store.put(`logout:${id}`, '1', this.#longestAgeMs() + CLOCK_TOLERANCE_MS);
    return isFirst === true ? this.parts.endSession(ended) : this.#refuse('replayed-proof');
  }

  async #read(token: string): Promise<LogoutClaims | AuthenticationFailure> {
    const prescreened = prescreenJwt(token, MAX_TOKEN_BYTES);
    if (typeof prescreened === 'string') return prescreened;
    const { header, unverifiedClaims: claims } = prescreened;
    const issuer = this.parts.issuers().find(({ rules }) => rules.issuer === claims['iss']);
    if (issuer === undefined) return 'bad-issuer';
    if (header.typ === undefined || !issuer.logout.typ.has(header.typ)) return 'bad-type';
    const signature = await issuer.signatures.verify(token, header);
    if (typeof signature === 'string') return signature;
    return readLogoutClaims(claims, issuer.rules.issuer, issuer.logout, this.parts.clock.now());
  }

  #longestAgeMs(): number {
    return Math.max(...this.parts.issuers().map(({ logout }) => logout.maxAgeMs));
  }

  #refuse(failure: AuthenticationFailure): never {
    this.parts.onRefused(failure);
    throw new AuthenticationError(failure);
  }
}
