import { createPublicKey, type JsonWebKey, KeyObject } from 'node:crypto';
import type { JwtAlgorithm } from '../jwt-algorithm.js';
import { MAX_KID_LENGTH } from '../jwt-header.js';
import { readPublicKey } from '../jwt-key.js';
import { isJsonObject, type JsonObject } from '../../../core/strict-json.js';

/** Members of a private key (RFC 7518 section 6): what signs has no place in a published set. */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'] as const;

/** A key of a set that verifies tokens, for exactly one algorithm (RFC 8725 section 3.1). */
export type UsableJwk = JsonObject & { readonly alg: JwtAlgorithm };

/**
 * Checks a key of a set: a public one that is there to verify (RFC 7517 sections 4.2 and 4.3), of sufficient strength, and
 * for one of the algorithms. A key that names none is for the only one that fits it.
 *
 * @returns why it cannot be used, as the end of a sentence that quotes nothing of the key.
 */
export function readJwk(jwk: unknown, algorithms: readonly JwtAlgorithm[]): UsableJwk | string {
  if (!isJsonObject(jwk)) return 'must be a JSON Web Key.';
  const { use, key_ops: operations, kid, alg } = jwk;
  if (jwk['kty'] === 'oct' || PRIVATE_MEMBERS.some((name) => Object.hasOwn(jwk, name))) {
    return 'is a secret or private key, which this server does not need and should not have.';
  }
  if (use !== undefined && use !== 'sig') return "is for another use than 'sig'.";
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    return "has key_ops without 'verify'.";
  }
  if (kid !== undefined && (typeof kid !== 'string' || kid === '' || kid.length > MAX_KID_LENGTH)) {
    return `has a kid that is no text of at most ${MAX_KID_LENGTH} characters.`;
  }
  const key = publicKeyOf(jwk);
  if (key === undefined) return 'cannot be read as a public key.';
  const named = algorithms.filter((algorithm) => alg === undefined || alg === algorithm);
  const results = named.map((algorithm) => [algorithm, readPublicKey(key, algorithm)] as const);
  const [fitting, second] = results.filter(([, result]) => result instanceof KeyObject);
  if (second !== undefined) return 'names no alg and fits several of the algorithms; a key is for exactly one.';
  if (fitting !== undefined) return { ...jwk, alg: fitting[0] };
  const only = results.length === 1 ? results[0]?.[1] : undefined;
  return only === undefined || only instanceof KeyObject ? 'fits none of the algorithms.' : only.problem;
}

function publicKeyOf(jwk: JsonObject): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
  } catch {
    return undefined;
  }
}
