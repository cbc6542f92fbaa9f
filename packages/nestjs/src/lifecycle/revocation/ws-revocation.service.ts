import type { Clock } from '../../core/clock.js';
import { isIdentifier } from '../../core/identifier.js';
import { personOfKey } from '../../core/person.js';
import type { Revocation, SecureWsStore } from '../../store/secure-ws.store.js';
import { revocationKeys, thumbprintOf } from '../../store/store-keys.js';
import type { RevocationWatch } from './revocation-watch.js';

const EVER = Number.MAX_SAFE_INTEGER;

/** How far the clock of an issuer may be ahead, in milliseconds: an entry outlives what it names by this. */
const SKEW_MS = 60_000;

/** A log-in as its authorization server names it: one session, or all of a subject. */
interface EndedLogIn {
  readonly issuer: string;
  readonly sub: string | undefined;
  readonly sid: string | undefined;
  /** Of a subject ends what the server has issued before, in milliseconds since 1970 by its clock. */
  readonly before: number;
  /** The same for what the application has dated, by the clock of this node. */
  readonly beforeHere: number;
}

/** How long a revocation is remembered. */
export interface RevocationLife {
  /**
   * When what is revoked has ended in any case, such as the `exp` of a token.
   *
   * @default `store.revocationMs` from now
   */
  readonly until?: Date;
}

/**
 * Ends identities before they end by themselves, on all nodes that share a store: their handshakes are refused with `401`
 * from now on, and their connections are closed, here at once and elsewhere within a second (OWASP ASVS 5.0 7.4). Injectable.
 *
 * Each method resolves with the number of connections that it closed on this node, once the other nodes can see it.
 *
 * @throws TypeError (as a rejection) for an id that is none: nothing was revoked.
 * @throws SecureWsStoreError (as a rejection) where the store did not take it: a shared one that is away is told again until
 * it answers, and this node holds the revocation meanwhile; one that is full (`store.maxKeys` of each kind) forgets it within
 * a minute, and what was closed comes back.
 */
export class WsRevocationService {
  /** @internal */
  constructor(
    private readonly store: SecureWsStore,
    private readonly watch: RevocationWatch,
    private readonly clock: Clock,
    private readonly lifeMs: number,
  ) {}

  /** Logs a session out, and leaves the others of the same user alone; its clients see 4512. */
  async logOut(
    session: { readonly issuer: string; readonly sessionId: string },
    life?: RevocationLife,
  ): Promise<number> {
    return this.#revoke(
      revocationKeys.session(id(session.issuer, 'issuer'), id(session.sessionId, 'sessionId')),
      EVER,
      life,
    );
  }

  /**
   * Logs out whoever an issuer calls by a `sub`, from every session: what was issued until now. Its clients see 4512.
   *
   * @param subject as the issuer wrote it into its tokens.
   */
  async logOutSubject(
    subject: { readonly issuer: string; readonly sub: string },
    life?: RevocationLife,
  ): Promise<number> {
    const key = revocationKeys.subject(id(subject.issuer, 'issuer'), id(subject.sub, 'sub'));
    return this.#revoke(key, afterSecondOf(this.clock.now()), life);
  }

  /**
   * @internal Ends a log-in as its authorization server tells it, whatever the application made of the claims. A token that
   * names no session may have come with it, where the subject is the same: nobody can tell, and it is refused too. So is what is
   * of the same second: it may have been issued before.
   */
  async endSession({ issuer, sid, sub, before, beforeHere }: EndedLogIn): Promise<number> {
    const dates: (readonly [key: string, issuedBefore: number])[] = [];
    if (sid !== undefined) dates.push([revocationKeys.session(issuer, sid), EVER]);
    if (sub !== undefined) {
      const keyOfSub = sid === undefined ? revocationKeys.subject : revocationKeys.nameless;
      dates.push(
        [keyOfSub(issuer, sub), afterSecondOf(before)],
        [keyOfSub(issuer, sub, 'ours'), afterSecondOf(beforeHere)],
      );
    }
    return this.#revokeAll(dates);
  }

  /** Revokes one token by its `jti`; its clients see 4504. */
  async revokeToken(
    token: { readonly issuer: string; readonly tokenId: string },
    life?: RevocationLife,
  ): Promise<number> {
    return this.#revoke(revocationKeys.token(id(token.issuer, 'issuer'), id(token.tokenId, 'tokenId')), EVER, life);
  }

  /**
   * Revokes everything that a user has: "log out everywhere", a password that was changed. What is issued from the next
   * second on is good; their clients see 4504. What does not say when it was issued is issued at each handshake, and comes back:
   * a session or an API key without `issuedAt`, a ticket whose principal has none, a client certificate. Revoke those one by
   * one, or {@link ban} for a while.
   *
   * @param key `principal.key` of any of their connections. It means whoever has the same issuer, tenant and id, by whatever way
   * they log in. Where nobody names an issuer (an API key, a session or a client certificate whose verifier names none), that
   * is the people of one `authentication` alone.
   * @param life with `before`: only what was issued before that moment.
   */
  async revokePrincipal(key: string, life: RevocationLife & { readonly before?: Date } = {}): Promise<number> {
    const before = life.before === undefined ? this.clock.now() : dateOf(life.before);
    return this.#revoke(revocationKeys.principal(personIn(key)), afterSecondOf(before), life);
  }

  /**
   * Keeps a user out until a moment, whatever they come with; their clients see 4505. Call {@link unban} to end it before.
   *
   * @param key as of {@link revokePrincipal}.
   */
  async ban(key: string, until: Date): Promise<number> {
    const banKey = revocationKeys.ban(personIn(key));
    return dateOf(until) > this.clock.now() ? this.#revoke(banKey, EVER, { until }) : 0;
  }

  /** Ends a ban. @param key as of {@link ban}. */
  async unban(key: string): Promise<void> {
    await this.#revoke(revocationKeys.ban(personIn(key)), 0);
  }

  /** Revokes an API key by its id, which is public; its clients see 4504. Take it out of your own list as well. */
  async revokeApiKey(keyId: string, life?: RevocationLife): Promise<number> {
    return this.#revoke(revocationKeys.apiKey(id(keyId, 'keyId')), EVER, life);
  }

  /**
   * Revokes a client certificate, and the tokens that are bound to it (RFC 8705); its clients see 4504.
   *
   * @param fingerprint SHA-256, in hexadecimal as Node and OpenSSL print it, or as `x5t#S256`.
   */
  async revokeCertificate(fingerprint: string, life?: RevocationLife): Promise<number> {
    const thumbprint = thumbprintOf(fingerprint);
    if (thumbprint === undefined) throw new TypeError('A certificate is revoked by its SHA-256 fingerprint.');
    return this.#revoke(revocationKeys.certificate(thumbprint), EVER, life);
  }

  /**
   * Closes every connection that a signing key has authenticated, and refuses its tokens: a key that leaked. Take it out of
   * the options as well.
   *
   * @param key its `kid`, and the issuer whose key it is.
   */
  async revokeSigningKey(
    key: { readonly issuer: string; readonly keyId: string },
    life?: RevocationLife,
  ): Promise<number> {
    return this.#revoke(revocationKeys.signingKey(id(key.issuer, 'issuer'), id(key.keyId, 'keyId')), EVER, life);
  }

  async #revoke(key: string, issuedBefore: number, life?: RevocationLife): Promise<number> {
    return this.#revokeAll([[key, issuedBefore]], life);
  }

  async #revokeAll(
    dates: readonly (readonly [key: string, issuedBefore: number])[],
    { until }: RevocationLife = {},
  ): Promise<number> {
    const lifeMs = until === undefined ? this.lifeMs : dateOf(until) - this.clock.now();
    // What has ended may live on: by the clock of its issuer, or in `lifecycle.expiryGraceMs`.
    const ttlMs = Math.max(0, lifeMs) + SKEW_MS;
    const revocations: readonly Revocation[] = dates.map(([key, issuedBefore]) => ({ key, issuedBefore, ttlMs }));
    // Here first: this node must not wait for a store that does not answer.
    const closed = this.watch.applyOwn(revocations);
    await this.store.revoke(revocations);
    return closed;
  }
}

/** Tokens are dated in seconds: what is of the same one may have been issued before. */
function afterSecondOf(moment: number): number {
  return (Math.floor(moment / 1000) + 1) * 1000;
}

function id(value: string, name: string): string {
  if (isIdentifier(value)) return value;
  throw new TypeError(`${name} must be an identifier: 1 to 256 characters, no control characters.`);
}

function personIn(key: string): string {
  const person = personOfKey(key);
  if (person !== undefined) return person;
  throw new TypeError('A principal is revoked by its key, not by its id: pass principal.key.');
}

function dateOf(date: Date): number {
  const time = date instanceof Date ? date.getTime() : Number.NaN;
  if (Number.isFinite(time)) return time;
  throw new TypeError('A revocation takes a valid Date.');
}
