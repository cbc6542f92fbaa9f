import { addressKey } from '../../core/address-key.js';
import type { Clock } from '../../core/clock.js';
import type { FaultLog } from '../../core/fault-log.js';
import type { SecureWsStore } from '../../store/secure-ws.store.js';
import type { AuthenticationFailure } from '../authentication-failures.js';
import { AuthenticationError } from '../authenticator.js';
import type { JwtIssuer } from '../jwt/jwt.authenticator.js';
import { ActOnce } from '../notices/act-once.js';
import { NoticeLimits, TooManyRefusedError } from '../notices/notice-limits.js';
import { readNotice, type RefusedNotice } from '../notices/read-notice.js';
import type { ResolvedBackChannelLogoutOptions } from './back-channel-logout.options.js';
import { type EndedSession, type LogoutClaims, readLogoutClaims } from './logout-claims.js';

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
  /** Is told of each refusal, and from where its request came where that is known. */
  readonly onRefused: (failure: AuthenticationFailure, address: string | undefined) => void;
  /** From where a request comes, behind the listed proxies. @returns `undefined` where nobody can tell. */
  readonly addressOf: (request: object) => string | undefined;
  /** Gets what keeps a token from being judged or acted on. */
  readonly faults: FaultLog;
}

/**
 * Takes the log-out tokens of authorization servers, and closes the connections of the log-in that has ended with
 * `LOGGED_OUT` (4512). Injectable, for an HTTP route of the application; {@link createBackChannelLogoutController} makes one.
 */
export class WsBackChannelLogout {
  /** @internal Whether a route of the module waits for log-out tokens: the boot then asks for somebody who sends them. */
  hasRoute = false;
  readonly #once: ActOnce;
  readonly #limits: NoticeLimits;

  /** @internal */
  constructor(private readonly parts: BackChannelLogoutParts) {
    const { store, faults } = parts;
    this.#limits = new NoticeLimits(store, 'logouts');
    this.#once = new ActOnce(store, (cause) => faults.write('WsBackChannelLogout.receive', '', cause));
  }

  /**
   * Verifies a log-out token and ends its log-in. Each token is good once; one that comes while its first delivery is under way is
   * answered as that one.
   *
   * @param token the field `logout_token` of the request.
   * @param request the request of Node, Express or Fastify: a refusal is audited with the address that it came from, and counted by
   * it. Without it nobody has to wait.
   * @returns how many connections were closed.
   * @throws {AuthenticationError} when the token is refused, which is audited; answer `400`.
   * @throws {TooManyRefusedError} when its sender has sent too many of those, which is audited (`too-many-refused`); answer `429`.
   * @throws {Error} any other one when nobody can tell, which is audited (`unavailable`) and logged: answer `503`, and the server
   * will come again.
   */
  async receive(token: unknown, request?: object): Promise<number> {
    const address = request === undefined ? undefined : this.parts.addressOf(request);
    try {
      return await this.#take(token, address, request === undefined ? undefined : addressKey(address ?? ''));
    } catch (error) {
      if (error instanceof AuthenticationError) throw error;
      if (error instanceof TooManyRefusedError) {
        this.parts.onRefused('too-many-refused', address);
        throw error;
      }
      this.parts.faults.write('WsBackChannelLogout.receive', '', error);
      this.parts.onRefused('unavailable', address);
      throw error;
    }
  }

  async #take(token: unknown, address: string | undefined, key: string | undefined): Promise<number> {
    if (key !== undefined) await this.#limits.check(key);
    const read = await readNotice<LogoutIssuer, LogoutClaims>(token, this.parts.issuers(), {
      typOf: ({ logout }) => logout.typ,
      read: (claims, { logout, rules }) => readLogoutClaims(claims, rules.issuer, logout, this.parts.clock.now()),
    });
    if ('refused' in read) return this.#refuse(read.refused, address, key);
    const { jti, ...ended } = read.claims;
    const once = { kind: 'logout', issuer: ended.issuer, jti, maxAgeMs: this.#longestAgeMs() };
    const delivery = await this.#once.act(once, () => this.parts.endSession(ended));
    if (delivery.outcome === 'replayed') return this.#refuse({ failure: 'replayed', isSigned: true }, address, key);
    return delivery.connections;
  }

  #longestAgeMs(): number {
    return Math.max(...this.parts.issuers().map(({ logout }) => logout.maxAgeMs));
  }

  async #refuse(refused: RefusedNotice, address: string | undefined, key: string | undefined): Promise<never> {
    if (key !== undefined) await this.#limits.refused(key, refused);
    this.parts.onRefused(refused.failure, address);
    throw new AuthenticationError(refused.failure);
  }
}
