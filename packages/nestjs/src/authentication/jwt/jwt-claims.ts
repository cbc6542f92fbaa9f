import type { AuthenticationFailure } from '../authentication-failures.js';
import { isIdentifier } from '../../core/identifier.js';
import type { JsonObject } from '../../core/strict-json.js';

/** What the registered claims of a token are compared with. */
export interface JwtClaimRules {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly clockToleranceMs: number;
  readonly maxAgeMs: number | undefined;
  readonly maxLifetimeMs: number;
}

/** The registered claims (RFC 7519 section 4.1) that concern everybody. */
export interface JwtRegisteredClaims {
  /** In milliseconds since 1970. */
  readonly expiresAtMs: number;
  /** In milliseconds since 1970. A token without `iat` may have been issued at any time: it counts as issued at the first. */
  readonly issuedAtMs: number;
  readonly jti: string | undefined;
  readonly sid: string | undefined;
}

/**
 * What identity providers and applications write into a token that is not for access, as a claim `typ`, `type`,
 * `token_type` or `token_use`, in small letters alone: it is signed with the same key and often for the same audience.
 */
const OTHER_KINDS: ReadonlySet<string> = new Set(
  (
    'refresh refreshtoken offline logout logouttoken email emailverification verifyemail verification passwordreset ' +
    'resetpassword invitation invite activation magiclink'
  ).split(' '),
);
const KIND_CLAIMS = ['typ', 'type', 'token_type', 'token_use'] as const;

/**
 * Checks the registered claims of a token whose signature has been verified.
 *
 * @param nowMs milliseconds since 1970
 */
export function readJwtClaims(
  claims: JsonObject,
  rules: JwtClaimRules,
  nowMs: number,
): JwtRegisteredClaims | AuthenticationFailure {
  if (claims['iss'] !== rules.issuer) return 'bad-issuer';
  if (!isForAudience(claims['aud'], rules.audience)) return 'bad-audience';
  if (isOtherKind(claims)) return 'bad-type';
  const failure = checkStart(claims, rules, nowMs);
  if (failure !== undefined) return failure;
  const { exp, iat = 0, jti, sid } = claims;
  if (!isDate(exp)) return 'bad-claims';
  // No grace: the connection ends at `exp`, and one that is opened after it would end at once.
  if (exp * 1000 <= nowMs) return 'expired';
  // A date in milliseconds lies in the year 57000. Its token would never end.
  if (exp * 1000 - nowMs > rules.maxLifetimeMs) return 'bad-claims';
  if (!isOptionalIdentifier(jti) || !isOptionalIdentifier(sid)) return 'bad-claims';
  return { expiresAtMs: exp * 1000, issuedAtMs: (iat as number) * 1000, jti, sid };
}

function checkStart(claims: JsonObject, rules: JwtClaimRules, nowMs: number): AuthenticationFailure | undefined {
  const latestMs = nowMs + rules.clockToleranceMs;
  for (const date of [claims['nbf'], claims['iat']]) {
    if (date === undefined) continue;
    if (!isDate(date)) return 'bad-claims';
    if (date * 1000 > latestMs) return 'not-yet-valid';
  }
  if (rules.maxAgeMs === undefined) return undefined;
  const { iat } = claims;
  if (!isDate(iat)) return 'bad-claims';
  return nowMs - iat * 1000 > rules.maxAgeMs ? 'expired' : undefined;
}

/**
 * Whether a value is a NumericDate that can be reckoned with. RFC 7519 section 2 allows fractions, but no issuer writes
 * them, and they are one more spelling of the same moment.
 */
export function isDate(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && Number.isSafeInteger(value) && Number.isSafeInteger(value * 1000);
}

/** Whether one of the audiences of a token is ours; every one of them must be text. */
export function isForAudience(aud: unknown, ours: readonly string[]): boolean {
  const list: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return list.every((item) => typeof item === 'string') && list.some((item) => ours.includes(item));
}

function isOtherKind(claims: JsonObject): boolean {
  // A security event token (RFC 8417 section 2.2), of which a log-out token is one (OpenID Connect Back-Channel Logout 2.4).
  if (Object.hasOwn(claims, 'events')) return true;
  return KIND_CLAIMS.some((name) => {
    const value = claims[name];
    if (typeof value !== 'string') return false;
    const kind = value.toLowerCase().replaceAll(/[^a-z]/g, '');
    // Keycloak's mark of an ID token. Under `token_use` the same word must pass: only the ID tokens of Cognito have an `aud`.
    return OTHER_KINDS.has(kind) || (name === 'typ' && kind === 'id');
  });
}

function isOptionalIdentifier(value: unknown): value is string | undefined {
  return value === undefined || isIdentifier(value);
}
