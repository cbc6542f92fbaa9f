import { isIdentifier } from '../../core/identifier.js';
import type { OptionReader } from '../../core/option-reader.js';
import type { JwtPrincipalMapping } from './jwt-identity.js';
import { normalizeType } from './jwt-header.js';

/** What the claims of every access token are held to, whoever vouches for them. */
export interface TokenRules {
  /** The `aud` of this server, or several; a token must carry one of them. Without it a token for another service fits. */
  readonly audience: string | readonly string[];
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

/** {@link TokenRules} with the issuer and the types, checked and filled in. */
export interface ResolvedTokenRules {
  readonly issuer: string;
  readonly audience: readonly string[];
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

/**
 * Reads what the options of all issuers have in common. Problems go to the reader; nothing is thrown.
 *
 * @param defaultTypes the `typ` that are accepted where the options name none.
 */
export function readTokenRules(reader: OptionReader, defaultTypes?: readonly string[]): ResolvedTokenRules {
  return {
    issuer: readIssuer(reader),
    audience: readAudience(reader),
    typ: readTypes(reader) ?? (defaultTypes === undefined ? undefined : new Set(defaultTypes)),
    maxTokenBytes: reader.count('maxTokenBytes', 8_192, { min: 256, max: MAX_TOKEN_CEILING_BYTES }),
    clockToleranceMs: reader.ms('clockToleranceMs', 30_000, { min: 0, max: MAX_TOLERANCE_MS }),
    maxAgeMs: reader.has('maxAgeMs') ? reader.count('maxAgeMs', 3_600_000) : undefined,
    maxLifetimeMs: reader.count('maxLifetimeMs', DEFAULT_MAX_LIFETIME_MS),
    principal: reader.callback<JwtPrincipalMapping>('principal'),
  };
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
