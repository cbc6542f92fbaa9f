import type { OptionReader } from '../../core/option-reader.js';
import { type RemoteOptions, resolveRemoteOptions, type ResolvedRemoteOptions } from '../remote/remote.options.js';
import type { JwtAlgorithm } from './jwt-algorithm.js';
import type { JwtKeyMaterial } from './jwt-key.js';
import { type JwtKeyOptions, type JwtKeys, readJwtKeys } from './jwt-key.options.js';
import type { JsonWebKeys } from './key-set/key-set.options.js';
import { readTokenRules, type ResolvedTokenRules, type TokenRules } from './token-rules.js';

/**
 * `authentication.jwt`: the tokens of one issuer, with the names of `JwtModuleOptions`. The application's own `JwtService`
 * is never used: its options would leak into ours.
 */
export interface JwtOptions extends TokenRules {
  /**
   * The secret of an HS algorithm: at least as many random bytes as the hash has. Exactly one of `secret`, `publicKey`, `keys`,
   * `jwksUri` and `jwks`.
   */
  readonly secret?: JwtKeyMaterial | undefined;
  /** The public key of an RS, PS or ES algorithm: PEM, DER or a KeyObject; RSA of at least 2048 bits. */
  readonly publicKey?: JwtKeyMaterial | undefined;
  /** Several keys, chosen by the `kid` of the token. A token without a `kid` is then refused. */
  readonly keys?: readonly JwtKeyOptions[] | undefined;
  /**
   * The address of the issuer's key set, `https://id.example.com/.well-known/jwks.json`. Needs the package `jose`. No
   * redirect is followed; `http` is for this machine, in development. While nobody can tell the keys, handshakes get `503`.
   */
  readonly jwksUri?: string;
  /** A key set at hand, and the only place for an EdDSA key. Needs the package `jose`. */
  readonly jwks?: JsonWebKeys | undefined;
  /** How `jwksUri` is fetched and kept. */
  readonly remote?: RemoteOptions;
  /**
   * The algorithm of `secret` or `publicKey`: exactly one, since one key for two algorithms is how tokens are forged
   * (RFC 8725 section 3.1). Beside `keys`, where each names its own, it may be left out. For a key set those that are
   * accepted; a key of it that names none is for the only one that fits.
   */
  readonly algorithms?: readonly JwtAlgorithm[];
  /** The `iss` that tokens must carry, compared exactly. */
  readonly issuer: string;
  /**
   * The values of the header field `typ` that are accepted; a token without `typ` is then refused. The default also takes
   * tokens without one, and never those that say to be something else (`id+jwt`, `logout+jwt`). Upper and lower case and
   * a leading `application/` make no difference (RFC 8725 section 3.11, RFC 9068 section 4).
   *
   * @default absent, 'JWT' or 'at+jwt'
   */
  readonly typ?: readonly string[];
}

/** {@link JwtOptions}, checked, filled in and frozen. */
export interface ResolvedJwtOptions extends ResolvedTokenRules, JwtKeys {
  readonly remote: ResolvedRemoteOptions;
}

/** Checks the options of one issuer and fills its defaults. Problems go to the reader; nothing is thrown. */
export function resolveJwtOptions(reader: OptionReader): ResolvedJwtOptions {
  if (reader.has('remote') && !reader.has('jwksUri')) {
    reader.fail('remote', 'has no effect without jwksUri.', `remove ${reader.pathOf('remote')}`);
  }
  const resolved: ResolvedJwtOptions = Object.freeze({
    ...readJwtKeys(reader),
    remote: resolveRemoteOptions(reader.object('remote')),
    ...readTokenRules(reader),
  });
  reader.finish();
  return resolved;
}
