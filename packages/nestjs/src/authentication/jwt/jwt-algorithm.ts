/** What an algorithm asks of its key. */
interface AlgorithmRow {
  readonly family: 'hmac' | 'rsa' | 'rsa-pss' | 'ec';
  /** The output of the hash in bytes; for `hmac` also the least length of the secret (RFC 7518 section 3.2). */
  readonly hashBytes: number;
  /** OpenSSL's name of the only curve that fits (RFC 7518 section 3.4). */
  readonly curve?: string;
}

/**
 * Every algorithm that can be configured. `none` is not among them, and neither is EdDSA, which the library below
 * (`jsonwebtoken`) cannot verify.
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
} as const satisfies Readonly<Record<string, AlgorithmRow>>);

/** The `alg` of a token (RFC 7518 section 3.1). */
export type JwtAlgorithm = keyof typeof JWT_ALGORITHMS;

/** Whether a value names an algorithm of {@link JWT_ALGORITHMS}, spelt exactly so. */
export function isJwtAlgorithm(value: unknown): value is JwtAlgorithm {
  return typeof value === 'string' && Object.hasOwn(JWT_ALGORITHMS, value);
}

/** What the algorithm asks of its key. */
export function algorithmRow(algorithm: JwtAlgorithm): AlgorithmRow {
  return JWT_ALGORITHMS[algorithm];
}
