import type { KeyObject } from 'node:crypto';
import { NOT_SET, type OptionReader } from '../../core/option-reader.js';
import { type JwtAlgorithm, readPublicKeyAlgorithms } from '../jwt/jwt-algorithm.js';
import { readSecretKeys, type SecretMaterial } from '../secret-keys.js';

/**
 * `authentication.dpop`: clients prove with each handshake that they hold the key that their token was issued to (RFC 9449),
 * so that a stolen token opens nothing. Needs the package `jose`. Without it a token that is bound to a key is refused.
 */
export interface DpopOptions {
  /** Whether a token that is bound to nothing is refused too. @default false */
  readonly required?: boolean;
  /** The algorithms of the proofs. @default ['ES256', 'EdDSA', 'RS256', 'PS256'] */
  readonly algorithms?: readonly JwtAlgorithm[];
  /** How old a proof may be, in milliseconds; its clock may be 30 s ahead. @default 60000 */
  readonly maxAgeMs?: number;
  /**
   * Also demands a nonce of this server in each proof (RFC 9449 section 9): a proof cannot be made in advance. The first
   * handshake is answered `401` with the nonce in `DPoP-Nonce`. Web pages cannot read that field of a handshake.
   */
  readonly nonce?: DpopNonceOptions;
}

/** `authentication.dpop.nonce`. */
export interface DpopNonceOptions {
  /** What nonces are made with: at least 32 random bytes, the same on every node. The first makes them, all check. */
  readonly secret: SecretMaterial;
  /** How long a nonce is taken at least, in milliseconds; at most twice as long. @default 300000 */
  readonly maxAgeMs?: number;
}

/** {@link DpopOptions}, checked and filled in. */
export interface ResolvedDpopOptions {
  readonly required: boolean;
  readonly algorithms: readonly JwtAlgorithm[];
  readonly maxAgeMs: number;
  readonly nonce: { readonly keys: readonly KeyObject[]; readonly maxAgeMs: number } | undefined;
}

const DEFAULT_ALGORITHMS = ['ES256', 'EdDSA', 'RS256', 'PS256'] as const;

/** Checks `authentication.dpop` and fills its defaults. Problems go to the reader; nothing is thrown. */
export function resolveDpopOptions(reader: OptionReader): ResolvedDpopOptions {
  const resolved = Object.freeze({
    required: reader.boolean('required', false),
    algorithms: readPublicKeyAlgorithms(
      reader,
      DEFAULT_ALGORITHMS,
      'a proof is made with the private key of its client.',
    ),
    maxAgeMs: reader.ms('maxAgeMs', 60_000, { min: 1_000, max: 600_000 }),
    nonce: reader.has('nonce') ? readNonce(reader.object('nonce')) : undefined,
  });
  reader.finish();
  return resolved;
}

function readNonce(reader: OptionReader): ResolvedDpopOptions['nonce'] {
  const keys = readSecretKeys(reader, 'secret', 'DPOP_NONCE_SECRET');
  const maxAgeMs = reader.ms('maxAgeMs', 300_000, { min: 1_000, max: 3_600_000 });
  reader.finish();
  if (keys === undefined) {
    reader.refuse('secret', NOT_SET, 'process.env.DPOP_NONCE_SECRET');
    return undefined;
  }
  return { keys, maxAgeMs };
}
