import { createHmac } from 'node:crypto';

/** The `authentication.jwt` options that {@link testToken} fits. The secret is a test's, and no secret anywhere else. */
export const TEST_JWT = Object.freeze({
  secret: 'a-secret-of-the-test-suite-that-guards-nothing-at-all',
  algorithms: ['HS256'] as const,
  issuer: 'https://id.example.com',
  audience: 'chat',
});

/** What a test may want to say in a token; the rest is filled so that the token is good. */
export interface TestClaims {
  /** @default 'alice' */
  readonly sub?: string;
  /** How long it is valid from `nowMs`, in seconds. @default 600 */
  readonly expiresInSeconds?: number;
  /** The time of issue in milliseconds since 1970. @default the machine's time */
  readonly nowMs?: number;
  readonly roles?: readonly string[];
  readonly scope?: string;
  /** The session's id. */
  readonly sid?: string;
  /** The token's id. */
  readonly jti?: string;
  /** The audience. @default that of {@link TEST_JWT} */
  readonly aud?: string;
  /** The moment of the log-in, in seconds since 1970, and how strong it was. */
  readonly auth_time?: number;
  readonly acr?: string;
  readonly amr?: readonly string[];
  /** The key or the certificate that it is bound to (RFC 7800). */
  readonly cnf?: { readonly jkt: string } | { readonly 'x5t#S256': string };
  /** The id of the key that signs, and its secret. @default that of {@link TEST_JWT} */
  readonly kid?: string;
  readonly secret?: string;
}

/** Makes a good HS256 token. */
export function testToken({
  sub = 'alice',
  expiresInSeconds = 600,
  nowMs = Date.now(),
  kid,
  secret = TEST_JWT.secret,
  ...rest
}: TestClaims = {}): string {
  const iat = Math.floor(nowMs / 1000);
  const claims = { iss: TEST_JWT.issuer, aud: TEST_JWT.audience, sub, iat, exp: iat + expiresInSeconds, ...rest };
  const signed = `${segment({ alg: 'HS256', typ: 'JWT', kid })}.${segment(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

const segment = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
