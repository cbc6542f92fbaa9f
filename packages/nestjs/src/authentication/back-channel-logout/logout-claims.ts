import { isIdentifier } from '../../core/identifier.js';
import type { AuthenticationFailure } from '../authentication-failures.js';
import { isDate, isForAudience } from '../jwt/jwt-claims.js';
import { isJsonObject, type JsonObject } from '../../core/strict-json.js';
import { CLOCK_TOLERANCE_MS } from '../notices/read-notice.js';
import type { ResolvedBackChannelLogoutOptions } from './back-channel-logout.options.js';

/** The log-in that has ended: one session, or all of a subject. */
export interface EndedSession {
  readonly issuer: string;
  readonly sub: string | undefined;
  readonly sid: string | undefined;
  /**
   * What was issued before has ended, or in the same second, in milliseconds since 1970 by the clock of the issuer: not what comes
   * of a log-in that is newer, however late the token arrives.
   */
  readonly before: number;
}

/** What a log-out token says. */
export interface LogoutClaims extends EndedSession {
  readonly jti: string;
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/**
 * Checks the claims of a log-out token whose issuer and signature have been verified (OpenID Connect Back-Channel Logout 1.0
 * section 2.6).
 *
 * @param nowMs milliseconds since 1970
 */
export function readLogoutClaims(
  claims: JsonObject,
  issuer: string,
  { clientIds, maxAgeMs }: ResolvedBackChannelLogoutOptions,
  nowMs: number,
): LogoutClaims | AuthenticationFailure {
  const { aud, iat, exp, events, jti, sub, sid } = claims;
  if (!isForAudience(aud, clientIds)) return 'bad-audience';
  const event = isJsonObject(events) && Object.hasOwn(events, EVENT) ? events[EVENT] : undefined;
  // An ID token has a nonce: one must never pass for the other.
  if (!isJsonObject(event) || Object.hasOwn(claims, 'nonce')) return 'bad-type';
  if (!isDate(iat) || !isDate(exp) || !isIdentifier(jti)) return 'bad-claims';
  if (iat * 1000 > nowMs + CLOCK_TOLERANCE_MS) return 'not-yet-valid';
  if (exp * 1000 <= nowMs || nowMs - iat * 1000 > maxAgeMs) return 'expired';
  if (!isOptional(sub) || !isOptional(sid) || (sub === undefined && sid === undefined)) return 'bad-subject';
  return { issuer, sub, sid, jti, before: iat * 1000 };
}

function isOptional(value: unknown): value is string | undefined {
  return value === undefined || isIdentifier(value);
}
