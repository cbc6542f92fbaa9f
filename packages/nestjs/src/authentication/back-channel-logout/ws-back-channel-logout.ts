import { createHash } from 'node:crypto';
import type { Clock } from '../../core/clock.js';
import type { SecureWsStore } from '../../store/secure-ws.store.js';
import type { AuthenticationFailure } from '../authentication-failures.js';
import { AuthenticationError } from '../authenticator.js';
import type { JwtHeader } from '../jwt/jwt-header.js';
import { prescreenJwt } from '../jwt/jwt-prescreen.js';
import type { JwtIssuer } from '../jwt/jwt.authenticator.js';
import type { JsonObject } from '../../core/strict-json.js';
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
  /** Those of the module and of its gateways. None before the application has started. */
  readonly issuers: () => readonly LogoutIssuer[];
  readonly endSession: EndSession;
  readonly onRefused: (failure: AuthenticationFailure) => void;
}

/**
 * Takes the log-out tokens of authorization servers, and closes the connections of the log-in that has ended with
 * `LOGGED_OUT` (4512). Injectable, for an HTTP route of the application; {@link createBackChannelLogoutController} makes one.
 */
export class WsBackChannelLogout {
  /** @internal Whether a route of the module waits for log-out tokens: the boot then asks for somebody who sends them. */
  hasRoute = false;

  /** @internal */
  constructor(private readonly parts: BackChannelLogoutParts) {}

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
    if (!(await this.#isFirst(`logout:${id}`, ended))) return this.#refuse('replayed');
    try {
      return await this.parts.endSession(ended);
    } catch (cause) {
      // Otherwise the server, which comes again after a 503, would be refused as a replay, and the log-in would stay.
      await this.#giveBack(`logout:${id}`);
      throw cause;
    }
  }

  async #isFirst(key: string, ended: EndedSession): Promise<boolean> {
    try {
      return (await this.parts.store.put(key, '1', this.#longestAgeMs() + 2 * CLOCK_TOLERANCE_MS)) === true;
    } catch (cause) {
      // The store may have noted it, and only its answer be lost. Who replays a token ends nothing that is newer than it.
      await this.parts.endSession(ended);
      throw cause;
    }
  }

  async #giveBack(key: string): Promise<void> {
    try {
      await this.parts.store.take(key);
    } catch {
      // It lapses by itself.
    }
  }

  async #read(token: string): Promise<LogoutClaims | AuthenticationFailure> {
    const prescreened = prescreenJwt(token, MAX_TOKEN_BYTES);
    if (typeof prescreened === 'string') return prescreened;
    const { header, unverifiedClaims: claims } = prescreened;
    let read: LogoutClaims | AuthenticationFailure = 'bad-issuer';
    // Gateways may have options of their own for one server: other clients, other types.
    for (const issuer of new Set(this.parts.issuers())) {
      if (issuer.rules.issuer !== claims['iss']) continue;
      read = await this.#readFor(issuer, token, header, claims);
      if (typeof read !== 'string') break;
    }
    return read;
  }

  async #readFor(
    { logout, rules, signatures }: LogoutIssuer,
    token: string,
    header: JwtHeader,
    claims: JsonObject,
  ): Promise<LogoutClaims | AuthenticationFailure> {
    if (header.typ === undefined || !logout.typ.has(header.typ)) return 'bad-type';
    const signature = await signatures.verify(token, header);
    if (typeof signature === 'string') return signature;
    return readLogoutClaims(claims, rules.issuer, logout, this.parts.clock.now());
  }

  #longestAgeMs(): number {
    return Math.max(...this.parts.issuers().map(({ logout }) => logout.maxAgeMs));
  }

  #refuse(failure: AuthenticationFailure): never {
    this.parts.onRefused(failure);
    throw new AuthenticationError(failure);
  }
}
