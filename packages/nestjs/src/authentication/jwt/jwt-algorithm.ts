import type { OptionReader } from '../../core/option-reader.js';

/** What an algorithm asks of its key. */
interface AlgorithmRow {
  readonly family: 'hmac' | 'rsa' | 'rsa-pss' | 'ec' | 'okp';
  /** The output of the hash in bytes; for `hmac` also the least length of the secret (RFC 7518 section 3.2). */
  readonly hashBytes: number;
  /** OpenSSL's name of the only curve that fits (RFC 7518 section 3.4). */
  readonly curve?: string;
}

/**
 * Every algorithm that can be configured. `none` is not among them. EdDSA, also under its newer name Ed25519 (RFC 9864), is
 * for key sets: the library behind the other keys (`jsonwebtoken`) cannot verify it.
 */
export const JWT_ALGORITHMS = Object.freeze({
  HS256: { family: 'hmac', hashBytes: 32 },
  HS384: { family: 'hmac', hashBytes: 48 },
  HS512: { family: 'hmac', hashBytes: 64 },
  RS256: { family: 'rsa', hashBytes: 32 },
  RS384: { family: 'rsa', hashBytes: 48 },
  RS512: { family: 'rsa', hashBytes: 64 },
  PS256: { family: 'rsa-pss', hashBytes: 32 },
  PS384: { family: 'rsa-pss', hashBytes: 48 },
  PS512: { family: 'rsa-pss', hashBytes: 64 },
  ES256: { family: 'ec', hashBytes: 32, curve: 'prime256v1' },
  ES384: { family: 'ec', hashBytes: 48, curve: 'secp384r1' },
  ES512: { family: 'ec', hashBytes: 64, curve: 'secp521r1' },
  EdDSA: { family: 'okp', hashBytes: 64 },
  Ed25519: { family: 'okp', hashBytes: 64 },
} as const satisfies Readonly<Record<string, AlgorithmRow>>);

/** The `alg` of a token (RFC 7518 section 3.1). */
export type JwtAlgorithm = keyof typeof JWT_ALGORITHMS;

/** Those of `secret`, `publicKey` and `keys`. */
export type JwtKeyAlgorithm = Exclude<JwtAlgorithm, 'EdDSA' | 'Ed25519'>;

/** Whether a value names an algorithm of {@link JWT_ALGORITHMS}, spelt exactly so. */
export function isJwtAlgorithm(value: unknown): value is JwtAlgorithm {
  return typeof value === 'string' && Object.hasOwn(JWT_ALGORITHMS, value);
}

/** Whether an algorithm is for keys that stand in the options by themselves. */
export function isKeyAlgorithm(algorithm: JwtAlgorithm): algorithm is JwtKeyAlgorithm {
  return algorithmRow(algorithm).family !== 'okp';
}

/** What the algorithm asks of its key. */
export function algorithmRow(algorithm: JwtAlgorithm): AlgorithmRow {
  return JWT_ALGORITHMS[algorithm];
}

/**
 * Reads a list of algorithms of public keys from `algorithms`. Problems go to the reader; nothing is thrown.
 *
 * @param why the end of the sentence that says why no other ones fit.
 */
export function readPublicKeyAlgorithms(
  reader: OptionReader,
  usual: readonly [JwtAlgorithm, ...JwtAlgorithm[]],
  why: string,
): readonly JwtAlgorithm[] {
  const list: readonly string[] = reader.strings('algorithms') ?? usual;
  const usable = list.filter(isJwtAlgorithm).filter((algorithm) => algorithmRow(algorithm).family !== 'hmac');
  if (usable.length === list.length && list.length > 0) return usable;
  reader.refuse('algorithms', `must list RS, PS, ES or EdDSA algorithms: ${why}`, `['${usual[0]}']`);
  return [];
}
