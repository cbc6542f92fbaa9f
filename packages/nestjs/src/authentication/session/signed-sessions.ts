import { createHmac, KeyObject, timingSafeEqual } from 'node:crypto';
import { type Awaitable, isPromiseLike } from '../../core/awaitable.js';
import { SecureWsBootError } from '../../core/boot-problems.js';
import { isIdentifier } from '../../core/identifier.js';
import { readHmacSecret } from '../jwt/jwt-key.js';
import type { SecretMaterial } from '../secret-keys.js';
import { type SessionIdentity, WsSessionVerifier } from './ws-session-verifier.js';

/** What is read of a session in a store. */
export interface StoredSession {
  /** With `expires` as a date, or as text where the store keeps JSON; without one it ends when the store forgets it. */
  readonly cookie?: { readonly expires?: Date | string | boolean | null | undefined } | undefined;
}

/** A store of express-session or @fastify/session: all of them have this method. */
export interface SessionStoreLike<Session> {
  /** Finds a session; by the callback. What it returns is only looked at for a rejection. */
  get(id: string, callback: (error: unknown, session?: Session | null) => void): unknown;
}

/** Says whose a session is; `undefined` for one of a visitor who has not logged in. */
export type IdentifySession<Session> = (session: Session) => Awaitable<Omit<SessionIdentity, 'sessionId'> | undefined>;

/**
 * The sessions of express-session, as the verifier of `authentication.session`. The signature is checked before the store is
 * asked, nothing is ever created, and a store that does not answer refuses when `handshake.timeoutMs` is over.
 *
 * @param store the very store that the middleware has.
 * @param secret the very secret that it has, or the list of them: at least 32 random bytes each.
 * @param identify whose a session is, and since when. @default the `userId` in it, and the `loggedInAt` in milliseconds since
 * 1970, without which {@link WsRevocationService.revokePrincipal} does not end it
 * @throws {SecureWsBootError} for what is no store, and for a secret that is missing, short or a placeholder.
 *
 * @example
 * ```ts
 * authentication: { session: { cookie: '__Host-sid', verifier: expressSession(store, secret), csrf: { secret: csrfSecret } } }
 * ```
 */
export function expressSession<Session extends StoredSession>(
  store: SessionStoreLike<Session>,
  secret: SecretMaterial,
  identify: IdentifySession<Session> = userIdOf,
): WsSessionVerifier {
  return make('expressSession', { store, secret, identify, prefix: /^s:/ });
}

/**
 * The sessions of @fastify/session; see {@link expressSession}. A `cookiePrefix` of `s:` is understood.
 *
 * @throws {SecureWsBootError} for what is no store, and for a secret that is missing, short or a placeholder.
 */
export function fastifySession<Session extends StoredSession>(
  store: SessionStoreLike<Session>,
  secret: SecretMaterial,
  identify: IdentifySession<Session> = userIdOf,
): WsSessionVerifier {
  return make('fastifySession', { store, secret, identify, prefix: /^(?:s:)?/ });
}

class SignedSessions<Session extends StoredSession> extends WsSessionVerifier {
  constructor(
    private readonly store: SessionStoreLike<Session>,
    private readonly keys: readonly KeyObject[],
    private readonly identify: IdentifySession<Session>,
    private readonly prefix: RegExp,
  ) {
    super();
  }

  override async verify(cookie: string): Promise<SessionIdentity | undefined> {
    const id = this.#unsign(decode(cookie));
    const session = id === undefined ? undefined : await this.#find(id);
    if (id === undefined || session === undefined) return undefined;
    const identity = await this.identify(session);
    if (identity === undefined) return undefined;
    const { expires } = session.cookie ?? {};
    const isDated = typeof expires === 'string' || expires instanceof Date;
    // A date that is none becomes NaN, which no principal may have.
    return { ...identity, sessionId: id, ...(isDated && { expiresAt: new Date(expires).getTime() }) };
  }

  /** `<id>.<HMAC-SHA-256 of the id in base64 without padding>`, as cookie-signature and @fastify/cookie write it. */
  #unsign(value: string): string | undefined {
    if (!this.prefix.test(value)) return undefined;
    const signed = value.replace(this.prefix, '');
    const dot = signed.lastIndexOf('.');
    const id = signed.slice(0, Math.max(dot, 0));
    if (!isIdentifier(id)) return undefined;
    const given = Buffer.from(signed.slice(dot + 1));
    const isSigned = this.keys.some((key) => {
      const expected = Buffer.from(createHmac('sha256', key).update(id).digest('base64').replace(/=+$/, ''));
      return given.length === expected.length && timingSafeEqual(given, expected);
    });
    return isSigned ? id : undefined;
  }

  #find(id: string): Promise<Session | undefined> {
    return new Promise((resolve, reject) => {
      const answered: unknown = this.store.get(id, (error, session) => {
        // A store of files has no session where it has no file, which express-session takes for an answer as well.
        const isMissing = (error as { code?: unknown } | null | undefined)?.code === 'ENOENT';
        if (error === null || error === undefined || isMissing) resolve(session ?? undefined);
        else reject(new Error('The session store failed.', { cause: error }));
      });
      // Many stores answer in both ways; a rejection that nobody takes would end the process.
      if (isPromiseLike(answered)) answered.then(undefined, reject);
    });
  }
}

/** Both middlewares write their cookie percent-encoded. */
function decode(cookie: string): string {
  try {
    return decodeURIComponent(cookie);
  } catch {
    return '';
  }
}

function userIdOf(session: StoredSession): Omit<SessionIdentity, 'sessionId'> | undefined {
  const { userId, loggedInAt } = session as { readonly userId?: unknown; readonly loggedInAt?: unknown };
  const id = Number.isSafeInteger(userId) ? String(userId) : userId;
  if (!isIdentifier(id)) return undefined;
  // A date that is none goes on as it is: no principal may have it.
  return loggedInAt === undefined ? { id } : { id, issuedAt: loggedInAt as number };
}

interface SignedSessionsParts<Session> {
  readonly store: SessionStoreLike<Session>;
  readonly secret: SecretMaterial;
  readonly identify: IdentifySession<Session>;
  readonly prefix: RegExp;
}

function make<Session extends StoredSession>(
  name: string,
  { store, secret, identify, prefix }: SignedSessionsParts<Session>,
): WsSessionVerifier {
  const where = `${name}(store, secret)`;
  // An import that is circular or misspelt: every session would be refused, for ever.
  if (typeof (store as Partial<typeof store> | null | undefined)?.get !== 'function') {
    const problem = 'has a store without get(): it is undefined, or something else.';
    throw new SecureWsBootError([{ where, problem, fix: 'give it the very store that the middleware has' }]);
  }
  if (typeof identify !== 'function') {
    const problem = 'has a third argument that is not a function.';
    throw new SecureWsBootError([{ where, problem, fix: `${name}(store, secret, ({ userId }) => ({ id: userId }))` }]);
  }
  return new SignedSessions(store, readKeys(where, secret), identify, prefix);
}

function readKeys(where: string, secret: SecretMaterial): readonly KeyObject[] {
  const list: readonly unknown[] = Array.isArray(secret) ? secret : [secret];
  const keys = list.map((each) => readHmacSecret(each, undefined));
  if (keys.length === 0) throw new SecureWsBootError([{ where, problem: 'has no secret.', fix: FIX }]);
  return keys.map((key) => {
    if (key instanceof KeyObject) return key;
    throw new SecureWsBootError([{ where, problem: `has a secret that ${key.problem}`, fix: FIX }]);
  });
}

const FIX = 'process.env.SESSION_SECRET // at least 32 random bytes: openssl rand -base64 32';
