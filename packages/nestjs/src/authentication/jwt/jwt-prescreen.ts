import type { AuthenticationFailure } from '../authentication-failures.js';
import { type JwtHeader, readJwtHeader } from './jwt-header.js';
import { type JsonObject, parseStrictJsonObject } from '../../core/strict-json.js';

/** A token that may be worth a verification. Its claims must not be used before one. */
export interface PrescreenedJwt {
  readonly header: JwtHeader;
  readonly unverifiedClaims: JsonObject;
}

// RFC 7515 section 3.1, and no other serialization (RFC 8725 section 2.13): two dots between base64url. The signature may
// be empty here, so that an unsigned token is named by its algorithm in the audit.
const COMPACT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)$/;

/**
 * Takes a token apart and refuses what no honest issuer writes, before anything is spent on cryptography. The library
 * behind it is more lenient: it takes signatures with other last bits, invalid UTF-8 and members that occur twice.
 */
export function prescreenJwt(token: string, maxTokenBytes: number): PrescreenedJwt | AuthenticationFailure {
  const parts = splitJwt(token, maxTokenBytes);
  if (typeof parts === 'string') return parts;
  const header = readJwtHeader(parts.header);
  return typeof header === 'string' ? header : { header, unverifiedClaims: parts.claims };
}

/** Takes a token apart, whatever it is for. */
export function splitJwt(
  token: string,
  maxBytes: number,
): { readonly header: JsonObject; readonly claims: JsonObject } | AuthenticationFailure {
  // Before the pattern, whose cost grows with the length. Every character that it lets pass is one byte.
  if (token.length > maxBytes) return 'too-large';
  const [, headerText, claimsText, signature] = COMPACT.exec(token) ?? [];
  if (headerText === undefined || claimsText === undefined || signature === undefined) return 'malformed';
  if (!isCanonical(headerText) || !isCanonical(claimsText) || !isCanonical(signature)) return 'malformed';
  const header = parseSegment(headerText);
  const claims = parseSegment(claimsText);
  return header === undefined || claims === undefined ? 'malformed' : { header, claims };
}

function parseSegment(segment: string): JsonObject | undefined {
  return parseStrictJsonObject(Buffer.from(segment, 'base64url'));
}

/** The last characters whose unused bits are zero, where two and where three of them stand for one and for two bytes. */
const LAST_OF_TWO = 'AQgw';
const LAST_OF_THREE = 'AEIMQUYcgkosw048';

/**
 * Whether a segment of base64url is the only spelling of its bytes: the unused bits of the last character must be zero (RFC
 * 4648 section 3.5), or one token would have several texts and a list of revoked ones could be walked around.
 */
function isCanonical(segment: string): boolean {
  const rest = segment.length % 4;
  if (rest === 0) return true;
  return rest !== 1 && (rest === 2 ? LAST_OF_TWO : LAST_OF_THREE).includes(segment.charAt(segment.length - 1));
}
