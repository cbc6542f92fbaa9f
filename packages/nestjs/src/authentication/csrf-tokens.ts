import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Type } from '@nestjs/common';
import { randomId } from '../core/identifier.js';

/** The part of `authentication` that tokens are made with. */
interface AmbientOptions {
  readonly session: { readonly csrfKeys: readonly KeyObject[] } | undefined;
  readonly clientCertificate?: { readonly csrfKeys: readonly KeyObject[] } | undefined;
}

/** One secret for both: with sessions, the tokens of certificates are made with theirs. */
export const csrfKeysOf = ({ session, clientCertificate }: AmbientOptions): readonly KeyObject[] =>
  session?.csrfKeys ?? clientCertificate?.csrfKeys ?? [];

/** Keeps the HMACs of these tokens apart from whatever else the same secret signs. */
const PURPOSE = 'secure-ws csrf v1';

// A nonce of 128 bits and an HMAC-SHA-256, both in base64url: characters of a subprotocol (RFC 9110 section 5.6.2).
const SHAPE = /^([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/;

/**
 * Makes and checks the CSRF tokens of sessions: a web page that a session may come from gets one with its content, and
 * sends it as `csrf.<token>` in the list of subprotocols. A page of another origin cannot read it, whatever cookies its
 * visitor's browser adds (OWASP CSRF cheat sheet: signed, bound to the session; nothing is stored).
 */
export class WsCsrfTokens {
  readonly #keys: readonly KeyObject[];
  readonly #keysOfGateways = new WeakMap<object, readonly KeyObject[]>();

  /**
   * @param keys `authentication.session.csrf.secret`, or that of `clientCertificate`; none where there is neither. The first
   * makes the tokens.
   */
  constructor(keys: readonly KeyObject[] = []) {
    this.#keys = keys;
  }

  /** @internal Notes what `@SecureGateway` sets; `undefined` where the module's options hold. */
  addGateway(gateway: object, authentication: AmbientOptions | undefined): void {
    if (authentication !== undefined) this.#keysOfGateways.set(gateway, csrfKeysOf(authentication));
  }

  /**
   * Makes a token for one session. Each call gives another one, all of them good as long as the session is, so that
   * compression on the page's own connection cannot guess it piece by piece (BREACH).
   *
   * @param sessionId the very `sessionId` that {@link WsSessionVerifier} answers for the session; for a client certificate its
   * SHA-256 fingerprint in lower case, without colons.
   * @param gateway the class of the gateway that the page connects to, where its `@SecureGateway` sets `authentication`.
   * @throws TypeError without `csrf` in `authentication.session` or `authentication.clientCertificate`, and for an empty id,
   * which would fit every session.
   */
  issue(sessionId: string, gateway?: Type): string {
    const [key] = this.#keysFor(gateway);
    if (key === undefined) {
      throw new TypeError(
        'There is no secret for CSRF tokens: set authentication.session.csrf.secret or authentication.clientCertificate.csrf.secret.',
      );
    }
    if (sessionId === '') throw new TypeError('A CSRF token needs the id of its session; it is empty.');
    const nonce = randomId();
    return `${nonce}.${sign(key, sessionId, nonce).toString('base64url')}`;
  }

  /**
   * Whether a token was made here for this session. Compares in constant time; never throws.
   *
   * @param gateway as in {@link issue}.
   */
  isValid(token: string, sessionId: string, gateway?: Type): boolean {
    const [, nonce = '', signature = ''] = SHAPE.exec(token) ?? [];
    if (nonce === '' || sessionId === '') return false;
    const given = Buffer.from(signature, 'base64url');
    return this.#keysFor(gateway).some((key) => timingSafeEqual(sign(key, sessionId, nonce), given));
  }

  #keysFor(gateway: Type | undefined): readonly KeyObject[] {
    return (gateway === undefined ? undefined : this.#keysOfGateways.get(gateway)) ?? this.#keys;
  }
}

function sign(key: KeyObject, sessionId: string, nonce: string): Buffer {
  // JSON keeps the parts apart, whatever characters the id has.
  return createHmac('sha256', key)
    .update(JSON.stringify([PURPOSE, sessionId, nonce]))
    .digest();
}
