import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto';
import { AuthenticationError, WsAuthenticator, type WsCredential } from '../authentication/authenticator.js';
import type { Clock } from '../core/clock.js';
import { makePrincipal, type Principal } from '../core/principal.js';

/** Who a test wants to be; everything has a default. */
export interface TestIdentityInput {
  /**
   * The subject, as `principal.id`.
   *
   * @default 'alice'
   */
  readonly id?: string;
  /** @default [] */
  readonly roles?: readonly string[];
  /** @default [] */
  readonly scopes?: readonly string[];
  /** @default none */
  readonly tenant?: string;
  /**
   * Who vouches for the identity, where a policy asks.
   *
   * @default 'test'
   */
  readonly issuer?: string;
  /**
   * The kind of authenticator that the identity claims to come from.
   *
   * @default 'test'
   */
  readonly kind?: string;
  /** The log-in that the connection belongs to. */
  readonly sessionId?: string;
  /** The `jti` of the token. */
  readonly tokenId?: string;
  /** The id of the key that verified it. */
  readonly keyId?: string;
  /**
   * What `principal.claims` holds. Values must survive JSON.
   *
   * @default {}
   */
  readonly claims?: Readonly<Record<string, unknown>>;
  /**
   * How long the identity lasts from its handshake, in milliseconds of the application's clock; the connection ends with it.
   *
   * @default as long as the connection
   */
  readonly expiresInMs?: number;
  /**
   * How long before its handshake the user has logged in, in milliseconds of the application's clock, for `@WsStepUp()`.
   *
   * @default nobody knows
   */
  readonly loggedInMsAgo?: number;
}

/** An identity that an application with `SecureWsTestingModule` admits. */
export interface TestIdentity {
  readonly id: string;
  /** The `key` of the principal that the application will see. */
  readonly key: string;
  /** The bearer token, for clients other than `connect()`: `Authorization: Bearer <token>`. */
  readonly token: string;
}

const PREFIX = 'secure-ws-test.';

// Made afresh in each process and shown to nobody: a token of one test run means nothing to any other process.
const PROCESS_KEY = createSecretKey(randomBytes(32));

/**
 * Mints an identity. It is admitted by applications of the same process that import `SecureWsTestingModule`, without any
 * key of theirs, and by nothing else.
 *
 * @example
 * ```ts
 * const trader = testIdentity({ id: 'alice', roles: ['trader'] });
 * ```
 */
export function testIdentity(input: TestIdentityInput = {}): TestIdentity {
  const { expiresInMs } = input;
  if (expiresInMs !== undefined && !(expiresInMs > 0)) {
    throw new TypeError('testIdentity({ expiresInMs }) must be above 0.');
  }
  const { id, key } = principalOf(input, 0);
  const body = Buffer.from(JSON.stringify(input)).toString('base64url');
  return Object.freeze({ id, key, token: `${PREFIX}${body}.${sign(body).toString('base64url')}` });
}

/** Whether a bearer token claims to be one of {@link testIdentity}. */
export function isTestToken(token: string): boolean {
  return token.startsWith(PREFIX);
}

/** Reads a token of {@link testIdentity}. @returns `undefined` for one that this process has not made. */
export function readTestToken(token: string, nowMs: number): Principal | undefined {
  const [body, signature, ...rest] = token.slice(PREFIX.length).split('.');
  if (!isTestToken(token) || body === undefined || signature === undefined || rest.length > 0) return undefined;
  const [given, expected] = [Buffer.from(signature, 'base64url'), sign(body)];
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  return principalOf(JSON.parse(Buffer.from(body, 'base64url').toString()) as TestIdentityInput, nowMs);
}

/** Admits the identities of `testIdentity()`. Every other token goes on to the application's own authenticators. */
export class TestAuthenticator extends WsAuthenticator {
  override readonly kind = 'test';

  constructor(private readonly clock: Clock) {
    super();
  }

  override accepts({ scheme, value }: WsCredential): boolean {
    return scheme === 'bearer' && isTestToken(value);
  }

  override async authenticate({ value }: WsCredential): Promise<Principal> {
    const principal = readTestToken(value, this.clock.now());
    if (principal === undefined) throw new AuthenticationError('bad-signature');
    return principal;
  }
}

function principalOf({ expiresInMs, loggedInMsAgo, ...input }: TestIdentityInput, nowMs: number): Principal {
  const expiry = expiresInMs === undefined ? {} : { expiresAt: nowMs + expiresInMs };
  const login = loggedInMsAgo === undefined ? {} : { authenticatedAt: nowMs - loggedInMsAgo };
  const answer = { issuer: 'test', id: 'alice', issuedAt: nowMs, ...input, ...expiry, ...login };
  return makePrincipal(answer, { block: 'test', kind: 'test', now: nowMs });
}

function sign(body: string): Buffer {
  return createHmac('sha256', PROCESS_KEY).update(body).digest();
}
