import { createPrivateKey, createPublicKey, createSecretKey, KeyObject } from 'node:crypto';
import { NOT_SET } from '../../core/option-reader.js';
import { algorithmRow, type JwtAlgorithm } from './jwt-algorithm.js';
import { isPlaceholderSecret } from '../../core/placeholder-secret.js';

/** Key material as it stands in a configuration; text is taken as UTF-8, never as base64. */
export type JwtKeyMaterial = string | Buffer | KeyObject;

/** Why a key cannot be used. Never quotes the key. */
export interface KeyProblem {
  readonly problem: string;
  /** What to write instead, as a value. */
  readonly fix: string;
}

/** The least length of an RSA key in bits (NIST SP 800-131A, OWASP ASVS 5.0 11.2.3). */
const MIN_RSA_BITS = 2048;

const FIX_PUBLIC = "readFileSync('public.pem', 'utf8')";

/**
 * Checks the secret of an HMAC algorithm: at least as long as the hash (RFC 7518 section 3.2), not a placeholder, and not
 * somebody's public key, with which everybody could sign (CVE-2016-10555).
 *
 * A `KeyObject` comes out because the library takes 405 us for a token with a string and 20 us with one.
 *
 * @param algorithm `undefined` for a secret of 32 bytes that signs no token.
 */
export function readHmacSecret(material: unknown, algorithm: JwtAlgorithm | undefined): KeyObject | KeyProblem {
  const { hashBytes } = algorithmRow(algorithm ?? 'HS256');
  const fix = `process.env.JWT_SECRET // at least ${hashBytes} random bytes: openssl rand -base64 ${hashBytes}`;
  if (material === undefined) {
    return { problem: NOT_SET, fix };
  }
  const bytes = secretBytes(material);
  if (bytes === undefined) {
    return { problem: 'must be a string, a Buffer or a KeyObject of a secret key.', fix };
  }
  if (bytes.length === 0) {
    return { problem: 'is empty: everybody would have it. Is the variable of the environment set?', fix };
  }
  if (isKeyPair(bytes)) {
    if (algorithm === undefined) return { problem: 'is an asymmetric key, which is no secret.', fix };
    return {
      problem: `is an asymmetric key, which is no secret: with ${algorithm} everybody who has it could sign tokens.`,
      fix: `${fix}; or publicKey with an RS, PS or ES algorithm`,
    };
  }
  if (bytes.length < hashBytes) {
    return {
      problem: `is too short: it has ${bytes.length} bytes, and ${algorithm ?? 'it'} needs at least ${hashBytes}.`,
      fix,
    };
  }
  if (isPlaceholderSecret(bytes)) return { problem: 'is a placeholder or easy to guess.', fix };
  return createSecretKey(bytes);
}

/** Checks the public key of an RS, PS, ES or EdDSA algorithm: its kind, its size and its curve. */
export function readPublicKey(material: unknown, algorithm: JwtAlgorithm): KeyObject | KeyProblem {
  const key = publicKeyOf(material);
  if (!(key instanceof KeyObject)) return key;
  const { family, curve, hashBytes } = algorithmRow(algorithm);
  const details = key.asymmetricKeyDetails ?? {};
  if (family === 'ec') {
    if (key.asymmetricKeyType === 'ec' && details.namedCurve === curve) return key;
    return { problem: `does not fit ${algorithm}, which needs an EC key on the curve ${curve}.`, fix: FIX_PUBLIC };
  }
  if (family === 'okp') {
    if (key.asymmetricKeyType === 'ed25519') return key;
    return { problem: `does not fit ${algorithm}, which needs an Ed25519 key.`, fix: FIX_PUBLIC };
  }
  const isRestricted = family === 'rsa-pss' && key.asymmetricKeyType === 'rsa-pss';
  if (key.asymmetricKeyType !== 'rsa' && !isRestricted) {
    return { problem: `does not fit ${algorithm}, which needs an RSA key.`, fix: FIX_PUBLIC };
  }
  if (details.hashAlgorithm !== undefined && details.hashAlgorithm !== `sha${hashBytes * 8}`) {
    return { problem: `is an RSA-PSS key for another hash than that of ${algorithm}.`, fix: FIX_PUBLIC };
  }
  if ((details.modulusLength ?? 0) < MIN_RSA_BITS) {
    return { problem: `is too short: an RSA key needs at least ${MIN_RSA_BITS} bits.`, fix: FIX_PUBLIC };
  }
  // With an exponent of 1 every text is its own signature.
  if ((details.publicExponent ?? 0n) < 3n) {
    return { problem: 'has an RSA exponent below 3.', fix: FIX_PUBLIC };
  }
  return key;
}

function secretBytes(material: unknown): Buffer | undefined {
  if (typeof material === 'string') return Buffer.from(material, 'utf8');
  if (Buffer.isBuffer(material)) return material;
  if (!(material instanceof KeyObject)) return undefined;
  if (material.type === 'secret') return material.export();
  const type = material.type === 'public' ? 'spki' : 'pkcs8';
  return material.export({ type, format: 'der' });
}

/** Whether bytes are an asymmetric key in any of its usual forms: PEM, DER, JWK. */
function isKeyPair(bytes: Buffer): boolean {
  const text = bytes.toString('latin1');
  if (text.includes('-----BEGIN')) return true;
  if (/^\s*\{/.test(text) && text.includes('"kty"')) return true;
  return (
    succeeds(() => createPublicKey({ key: bytes, format: 'der', type: 'spki' })) ||
    succeeds(() => createPublicKey({ key: bytes, format: 'der', type: 'pkcs1' })) ||
    succeeds(() => createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' }))
  );
}

function publicKeyOf(material: unknown): KeyObject | KeyProblem {
  if (material instanceof KeyObject) {
    return material.type === 'public' ? material : { problem: 'must be a public key.', fix: FIX_PUBLIC };
  }
  if (typeof material !== 'string' && !Buffer.isBuffer(material)) {
    return { problem: 'must be a PEM text, a Buffer or a KeyObject of a public key.', fix: FIX_PUBLIC };
  }
  // Node would derive the public key in silence; a server that only verifies must not hold what signs.
  if (succeeds(() => createPrivateKey(material)) || material.toString('latin1').includes('PRIVATE KEY-----')) {
    return { problem: 'is a private key, which this server does not need and should not have.', fix: FIX_PUBLIC };
  }
  try {
    return createPublicKey(material);
  } catch {
    if (Buffer.isBuffer(material)) return derPublicKey(material);
    if (material.includes('-----BEGIN') && material.includes('\\n')) {
      const problem = 'has "\\n" written out where its lines end, as some tools put a PEM text into one line.';
      return { problem, fix: "process.env.JWT_PUBLIC_KEY?.replaceAll('\\\\n', '\\n')" };
    }
    return { problem: 'cannot be read as a public key in PEM form.', fix: FIX_PUBLIC };
  }
}

function derPublicKey(bytes: Buffer): KeyObject | KeyProblem {
  try {
    return createPublicKey({ key: bytes, format: 'der', type: 'spki' });
  } catch {
    return { problem: 'cannot be read as a public key in PEM or DER form.', fix: FIX_PUBLIC };
  }
}

function succeeds(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}
