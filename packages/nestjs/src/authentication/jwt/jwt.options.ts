import { isIdentifier } from '../../core/identifier.js';
import type { OptionReader } from '../../core/option-reader.js';
import type { JwtAlgorithm } from './jwt-algorithm.js';
import type { JwtPrincipalMapping } from './jwt-identity.js';
import { normalizeType } from './jwt-header.js';
import { type RemoteOptions, resolveRemoteOptions, type ResolvedRemoteOptions } from '../remote/remote.options.js';
import { type JwtKeyOptions, type JwtKeys, readJwtKeys } from './jwt-key.options.js';
import type { JsonWebKeys } from './key-set/key-set.options.js';
import type { JwtKeyMaterial } from './jwt-key.js';

/**
 * `authentication.jwt`: the tokens of one issuer, with the names of `JwtModuleOptions`. The application's own `JwtService`
 * is never used: its options would leak into ours.
 */
export interface JwtOptions {
  /** The secret of an HS algorithm: at least as many random bytes as the hash has. One of this and the next four. */
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
  /** The `aud` of this server, or several; a token must carry one of them. Without it a token for another service fits. */
  readonly audience: string | readonly string[];
  /**
   * The values of the header field `typ` that are accepted; a token without `typ` is then refused. The default also takes
   * tokens without one, and never those that say to be something else (`id+jwt`, `logout+jwt`). Upper and lower case and
   * a leading `application/` make no difference (RFC 8725 section 3.11, RFC 9068 section 4).
   *
   * @default absent, 'JWT' or 'at+jwt'
   */
  readonly typ?: readonly string[];
  /** The longest token, in bytes. @default 8192 */
  readonly maxTokenBytes?: number;
  /**
   * How far the issuer's clock may be ahead: `nbf` and `iat` may lie this far in the future, in milliseconds. At most a
   * minute. `exp` gets no grace.
   *
   * @default 30000
   */
  readonly clockToleranceMs?: number;
  /** The greatest age of a token since its `iat`, in milliseconds; a token without `iat` is then refused. */
  readonly maxAgeMs?: number;
  /**
   * How far ahead `exp` may lie, in milliseconds. It catches tokens that are dated in milliseconds.
   *
   * @default 31622400000 (366 days)
   */
  readonly maxLifetimeMs?: number;
  /**
   * Makes the identity from the verified claims. What it leaves out is empty; only a session id falls back to `sid`. A
   * throw, or a value that is not an identity, refuses.
   *
   * @default the id from `sub`, roles from `roles`, scopes from `scope`, `scopes` and `scp`
   */
  readonly principal?: JwtPrincipalMapping;
}

/** {@link JwtOptions}, checked, filled in and frozen. */
export interface ResolvedJwtOptions extends JwtKeys {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly remote: ResolvedRemoteOptions;
  /** Normal forms; `undefined` for the default. */
  readonly typ: ReadonlySet<string> | undefined;
  readonly maxTokenBytes: number;
  readonly clockToleranceMs: number;
  readonly maxAgeMs: number | undefined;
  readonly maxLifetimeMs: number;
  readonly principal: JwtPrincipalMapping | undefined;
}

const DEFAULT_MAX_LIFETIME_MS = 366 * 24 * 60 * 60 * 1000;

/** The most that Node's own limit on a request head lets through. */
const MAX_TOKEN_CEILING_BYTES = 16_384;

/** OWASP ASVS 5.0 9.2.1 asks for a small one. */
const MAX_TOLERANCE_MS = 60_000;

/** Checks the options of one issuer and fills its defaults. Problems go to the reader; nothing is thrown. */
export function resolveJwtOptions(reader: OptionReader): ResolvedJwtOptions {
  if (reader.has('remote') && !reader.has('jwksUri')) {
    reader.fail('remote', 'has no effect without jwksUri.', `remove ${reader.pathOf('remote')}`);
  }
  const resolved: ResolvedJwtOptions = Object.freeze({
    ...readJwtKeys(reader),
    remote: resolveRemoteOptions(reader.object('remote')),
    issuer: readIssuer(reader),
    audience: readAudience(reader),
    typ: readTypes(reader),
    maxTokenBytes: reader.count('maxTokenBytes', 8_192, { min: 256, max: MAX_TOKEN_CEILING_BYTES }),
    clockToleranceMs: reader.ms('clockToleranceMs', 30_000, { min: 0, max: MAX_TOLERANCE_MS }),
    maxAgeMs: reader.has('maxAgeMs') ? reader.count('maxAgeMs', 3_600_000) : undefined,
    maxLifetimeMs: reader.count('maxLifetimeMs', DEFAULT_MAX_LIFETIME_MS),
    principal: reader.callback<JwtPrincipalMapping>('principal'),
  });
  reader.finish();
  return resolved;
}

function readIssuer(reader: OptionReader): string {
  if (!reader.has('issuer')) {
    const fix = `${reader.pathOf('issuer')}: 'https://id.example.com'`;
    reader.fail('issuer', 'is missing: it must equal the iss of the tokens.', fix);
  }
  const issuer = reader.string('issuer') ?? '';
  // It is a part of every principal, as it stands.
  if (issuer === '' || isIdentifier(issuer)) return issuer;
  reader.fail('issuer', 'must have at most 256 characters, none of them a control character.', reader.pathOf('issuer'));
  return '';
}

function readAudience(reader: OptionReader): readonly string[] {
  const value = reader.raw('audience');
  if (value === undefined || (Array.isArray(value) && value.length === 0)) {
    const fix = `${reader.pathOf('audience')}: 'chat'`;
    reader.fail('audience', 'is missing: a token for any other service would fit.', fix);
    return [];
  }
  if (Array.isArray(value)) return reader.strings('audience') ?? [];
  const one = reader.string('audience');
  return Object.freeze(one === undefined ? [] : [one]);
}

function readTypes(reader: OptionReader): ReadonlySet<string> | undefined {
  const list = reader.strings('typ');
  if (list === undefined) return undefined;
  if (list.length === 0) {
    reader.fail('typ', 'is empty: no token would fit.', `${reader.pathOf('typ')}: ['at+jwt']`);
  }
  return new Set(list.map(normalizeType));
}
