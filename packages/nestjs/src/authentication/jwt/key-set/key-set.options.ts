import type { OptionReader } from '../../../core/option-reader.js';
import { readRemoteUrl } from '../../../core/remote-url.js';
import { algorithmRow, type JwtAlgorithm } from '../jwt-algorithm.js';
import { readJwk, type UsableJwk } from './jwk.js';

/** A JSON Web Key Set (RFC 7517 section 5). */
export interface JsonWebKeys {
  /** The public keys, each as a JSON Web Key. */
  readonly keys: readonly object[];
}

/** A checked `jwksUri` or `jwks`. */
export interface ResolvedKeySet {
  /** At least one. Each key of the set is for exactly one of them. */
  readonly algorithms: readonly JwtAlgorithm[];
  /** Either an address, or the keys themselves. */
  readonly from: URL | readonly UsableJwk[];
}

/**
 * Reads `jwksUri` or `jwks` of one issuer. Problems go to the reader and never quote a key.
 *
 * @returns `undefined` when no token could be verified.
 */
export function readKeySet(
  reader: OptionReader,
  source: 'jwksUri' | 'jwks',
  algorithms: readonly JwtAlgorithm[],
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ResolvedKeySet | undefined {
  const from = source === 'jwks' ? readLocalKeys(reader, algorithms) : readUri(reader, environment);
  if (algorithms.some((algorithm) => algorithmRow(algorithm).family === 'hmac')) {
    const problem = 'lists an HMAC algorithm: whoever reads the key set could sign tokens.';
    reader.fail('algorithms', problem, `${reader.pathOf('algorithms')}: ['RS256']`);
    return undefined;
  }
  return from === undefined || algorithms.length === 0 ? undefined : Object.freeze({ algorithms, from });
}

function readUri(reader: OptionReader, environment: Readonly<Record<string, string | undefined>>): URL | undefined {
  const isProduction = environment['NODE_ENV'] === 'production';
  const url = readRemoteUrl(reader.raw('jwksUri'), { isProduction });
  if (url instanceof URL) return url;
  reader.fail('jwksUri', url, `${reader.pathOf('jwksUri')}: 'https://id.example.com/.well-known/jwks.json'`);
  return undefined;
}

function readLocalKeys(reader: OptionReader, algorithms: readonly JwtAlgorithm[]): readonly UsableJwk[] | undefined {
  const level = reader.object('jwks');
  const list = level.raw('keys');
  level.finish();
  const fix = `${reader.path}.jwks: { keys: [{ kty: 'OKP', crv: 'Ed25519', x: '...', kid: '2026-11' }] }`;
  if (!Array.isArray(list) || list.length === 0) {
    level.fail('keys', 'must be a list of at least one JSON Web Key.', fix);
    return undefined;
  }
  const kids = new Set<unknown>();
  const usable: UsableJwk[] = [];
  for (const [index, item] of list.entries()) {
    const key = readJwk(item, algorithms);
    const where = `keys[${index}]`;
    if (typeof key === 'string') level.fail(where, key, fix);
    else if (kids.has(key['kid'])) level.fail(where, 'has the kid of another one; each key needs its own.', fix);
    else usable.push(Object.freeze(key));
    kids.add(typeof key === 'string' ? {} : key['kid']);
  }
  return Object.freeze(usable);
}
