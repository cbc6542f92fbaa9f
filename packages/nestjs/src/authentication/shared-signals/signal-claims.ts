import { isDeepStrictEqual } from 'node:util';
import { isIdentifier } from '../../core/identifier.js';
import { isJsonObject, type JsonObject } from '../../core/strict-json.js';
import type { SignalName } from '../../events/catalogue/signal-events.js';
import type { AuthenticationFailure } from '../authentication-failures.js';
import { isDate, isForAudience } from '../jwt/jwt-claims.js';
import { CLOCK_TOLERANCE_MS } from '../notices/read-notice.js';
import type { ResolvedSharedSignalsOptions } from './shared-signals.options.js';
import { readSignalSubject, type SignalSubject } from './signal-subject.js';

const CAEP = 'https://schemas.openid.net/secevent/caep/event-type/';
const SSF = 'https://schemas.openid.net/secevent/ssf/event-type/';

/** What a security event token says. */
export interface Signal {
  readonly issuer: string;
  readonly jti: string;
  readonly name: SignalName;
  /** What follows from it: identities end, are judged by what is known of them now, or nothing does. */
  readonly effect: 'end' | 'judge' | 'none';
  /** `undefined` where nothing follows. */
  readonly subject: SignalSubject | undefined;
  /** What was issued before is meant, in milliseconds since 1970 by the clock of the issuer: not what comes of a newer log-in. */
  readonly before: number;
}

const CHANGES: ReadonlyMap<unknown, Signal['effect']> = new Map([
  ['revoke', 'end'],
  ['update', 'end'],
  ['delete', 'end'],
  // What was issued before is as good as it was.
  ['create', 'judge'],
]);

/**
 * Checks the claims of a security event token whose issuer and signature have been verified (RFC 8417 section 2, Shared
 * Signals 1.0 section 4).
 *
 * @param nowMs milliseconds since 1970
 */
export function readSignal(
  claims: JsonObject,
  issuer: string,
  { audiences, maxAgeMs }: ResolvedSharedSignalsOptions,
  nowMs: number,
): Signal | AuthenticationFailure {
  const { aud, iat, exp, jti, events } = claims;
  if (!isForAudience(aud, audiences)) return 'bad-audience';
  // An ID token has a nonce: one must never pass for the other.
  if (!isJsonObject(events) || Object.hasOwn(claims, 'nonce')) return 'bad-type';
  if (!isDate(iat) || !isIdentifier(jti) || (exp !== undefined && !isDate(exp))) return 'bad-claims';
  if (iat * 1000 > nowMs + CLOCK_TOLERANCE_MS) return 'not-yet-valid';
  if (nowMs - iat * 1000 > maxAgeMs || (exp !== undefined && exp * 1000 <= nowMs)) return 'expired';
  const [[uri, event] = ['', undefined], ...others] = Object.entries(events);
  if (!isJsonObject(event) || others.length > 0) return 'bad-claims';
  const meaning = meaningOf(uri, event);
  if (meaning === undefined) return 'bad-claims';
  const subject = meaning.effect === 'none' ? undefined : subjectOf(claims, event, issuer, meaning.name);
  if (meaning.effect !== 'none' && subject === undefined) return 'bad-subject';
  return { issuer, jti, ...meaning, subject, before: momentOf(event, iat, nowMs) };
}

/** @returns `undefined` where the event is not as its definition says. */
function meaningOf(uri: string, event: JsonObject): Pick<Signal, 'name' | 'effect'> | undefined {
  switch (uri) {
    case `${CAEP}session-revoked`:
      return { name: 'session-revoked', effect: 'end' };
    case `${CAEP}credential-change`: {
      const effect = CHANGES.get(event['change_type']);
      return effect === undefined ? undefined : { name: 'credential-change', effect };
    }
    case `${CAEP}token-claims-change`:
      return isJsonObject(event['claims']) ? { name: 'token-claims-change', effect: 'judge' } : undefined;
    case `${SSF}verification`:
      return { name: 'verification', effect: 'none' };
    default:
      // RFC 8417 section 2.2: what is not known is ignored.
      return { name: 'other', effect: 'none' };
  }
}

/** Earlier drafts have the subject in the event. */
function subjectOf(claims: JsonObject, event: JsonObject, issuer: string, name: SignalName): SignalSubject | undefined {
  const { sub_id: own } = claims;
  const { subject: inner } = event;
  if (own !== undefined && inner !== undefined && !isDeepStrictEqual(own, inner)) return undefined;
  return readSignalSubject(own ?? inner, issuer, name === 'session-revoked');
}

/** When it happened, by the clock of the issuer; what is dated later than now is meant for now. */
function momentOf(event: JsonObject, iat: number, nowMs: number): number {
  const { event_timestamp: happenedAt } = event;
  return isDate(happenedAt) ? Math.min(happenedAt * 1000, Math.max(iat * 1000, nowMs)) : iat * 1000;
}
