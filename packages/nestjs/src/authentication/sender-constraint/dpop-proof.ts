import { createHash } from 'node:crypto';
import { isIdentifier } from '../../core/identifier.js';
import { isJwtAlgorithm, type JwtAlgorithm } from '../jwt/jwt-algorithm.js';
import { splitJwt } from '../jwt/jwt-prescreen.js';
import { readJwk, type UsableJwk } from '../jwt/key-set/jwk.js';
import type { JsonObject } from '../../core/strict-json.js';

/** The longest proof, in bytes: one with an RSA key of 4096 bits has less than 2,500. */
const MAX_PROOF_BYTES = 4_096;

/** How far the clock of a client may be ahead, in milliseconds. */
export const CLOCK_TOLERANCE_MS = 30_000;

/** What a proof must say. */
export interface DpopExpectation {
  /** The access token that it comes with. */
  readonly token: string;
  /** The URL of the handshake. */
  readonly url: string;
  readonly algorithms: readonly JwtAlgorithm[];
  readonly maxAgeMs: number;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** A proof that says what it must. Its signature is still to be verified, with the key that it brings along. */
export interface ReadDpopProof {
  readonly jwk: UsableJwk;
  readonly jti: string;
  readonly nonce: unknown;
}

/**
 * Checks everything of a proof that needs no cryptography beside a hash (RFC 9449 section 4.3).
 *
 * @returns `undefined` when it is not a proof of this handshake.
 */
export function readDpopProof(proof: string, expected: DpopExpectation): ReadDpopProof | undefined {
  const parts = splitJwt(proof, MAX_PROOF_BYTES);
  if (typeof parts === 'string') return undefined;
  const { header, claims } = parts;
  const { alg, typ } = header;
  if (typ !== 'dpop+jwt' || !isJwtAlgorithm(alg) || !expected.algorithms.includes(alg)) return undefined;
  // The one place where a token brings its key along: what the key is worth, the token's own confirmation says.
  const jwk = readJwk(header['jwk'], [alg]);
  if (typeof jwk === 'string' || Object.hasOwn(header, 'crit')) return undefined;
  if (!isOfThisHandshake(claims, expected)) return undefined;
  const { jti, nonce } = claims;
  return isIdentifier(jti) ? { jwk, jti, nonce } : undefined;
}

function isOfThisHandshake({ htm, htu, ath, iat }: JsonObject, expected: DpopExpectation): boolean {
  const { token, url, nowMs, maxAgeMs } = expected;
  // RFC 6455 section 4.1: an opening handshake is a GET request.
  if (htm !== 'GET' || target(htu) === undefined || target(htu) !== target(url)) return false;
  if (ath !== createHash('sha256').update(token).digest('base64url')) return false;
  if (typeof iat !== 'number') return false;
  const ageMs = nowMs - iat * 1000;
  return ageMs <= maxAgeMs && ageMs >= -CLOCK_TOLERANCE_MS;
}

/** A URL in its normal form, without query and fragment (RFC 9449 section 4.3); `wss` is the `https` of a handshake. */
function target(url: unknown): string | undefined {
  if (typeof url !== 'string' || !URL.canParse(url)) return undefined;
  const { protocol, host, pathname, username, password } = new URL(url.replace(/^ws(s?):/i, 'http$1:'));
  if (username !== '' || password !== '') return undefined;
  return `${protocol}//${host}${pathname}`;
}
