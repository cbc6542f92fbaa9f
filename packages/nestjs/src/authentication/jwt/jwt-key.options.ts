import { KeyObject } from 'node:crypto';
import { isIdentifier } from '../../core/identifier.js';
import { OptionReader } from '../../core/option-reader.js';
import {
  algorithmRow,
  isJwtAlgorithm,
  isKeyAlgorithm,
  JWT_ALGORITHMS,
  type JwtAlgorithm,
  type JwtKeyAlgorithm,
} from './jwt-algorithm.js';
import { type JwtKeyMaterial, readHmacSecret, readPublicKey } from './jwt-key.js';
import { readKeySet, type ResolvedKeySet } from './key-set/key-set.options.js';
import { MAX_KID_LENGTH } from './jwt-header.js';

/** One of several keys of an issuer. */
export interface JwtKeyOptions {
  /** The `kid` in the header of the tokens that this key signed. */
  readonly kid: string;
  /** The secret of an HS algorithm. Either this or `publicKey`. */
  readonly secret?: JwtKeyMaterial | undefined;
  /** The public key of an RS, PS or ES algorithm. */
  readonly publicKey?: JwtKeyMaterial | undefined;
  /** The one algorithm that this key is for (RFC 8725 section 3.1). */
  readonly algorithm: JwtAlgorithm;
}

/** A checked key. */
export interface JwtKey {
  /** `undefined` for the only key of an issuer, which serves every token. */
  readonly kid: string | undefined;
  readonly algorithm: JwtKeyAlgorithm;
  readonly key: KeyObject;
}

/** What verifies the tokens of one issuer. */
export interface JwtKeys {
  /** Empty beside a key set. */
  readonly keys: readonly JwtKey[];
  readonly keySet: ResolvedKeySet | undefined;
}

const SOURCES = ['secret', 'publicKey', 'keys', 'jwksUri', 'jwks'] as const;
const KNOWN_ALGORITHMS = Object.keys(JWT_ALGORITHMS).join(', ');

/**
 * Reads `secret`, `publicKey`, `keys`, `jwksUri` or `jwks`, and `algorithms`, of one issuer (OWASP ASVS 5.0 11.2.3, RFC 8725 sections 3.1
 * and 3.5). Problems go to the reader and never quote a key; keys that cannot be used are left out.
 */
export function readJwtKeys(reader: OptionReader): JwtKeys {
  const [source, second] = SOURCES.filter((name) => reader.has(name));
  const algorithms = readAlgorithms(reader, source !== 'keys');
  if (source === undefined) {
    reader.fail(
      'secret',
      'is missing, and so are publicKey, keys, jwksUri and jwks: no token could be verified. If it comes from the environment, the ' +
        'variable is not set.',
      `${reader.pathOf('secret')}: process.env.JWT_SECRET`,
    );
    return { keys: [], keySet: undefined };
  }
  if (second !== undefined) {
    reader.fail(second, `stands beside ${source}; only one of ${SOURCES.join(', ')} can be given.`, keysFix(reader));
    return { keys: [], keySet: undefined };
  }
  if (source === 'jwksUri' || source === 'jwks') return { keys: [], keySet: readKeySet(reader, source, algorithms) };
  if (source === 'keys') return { keys: readKeyList(reader, algorithms), keySet: undefined };
  const algorithm = theOneAlgorithm(reader, algorithms);
  const key = algorithm === undefined ? undefined : readKey(reader, source, algorithm);
  return { keys: key === undefined ? [] : [key], keySet: undefined };
}

function readAlgorithms(reader: OptionReader, isRequired: boolean): readonly JwtAlgorithm[] {
  const list = reader.strings('algorithms');
  const fix = `${reader.pathOf('algorithms')}: ['HS256']`;
  if (list === undefined) {
    // A list that is there but wrong has been reported by the reader.
    if (isRequired && !reader.has('algorithms')) {
      reader.fail('algorithms', 'is missing: the token would choose its algorithm itself.', fix);
    }
    return [];
  }
  if (list.length === 0) reader.fail('algorithms', 'is empty: no token could be verified.', fix);
  for (const name of list) {
    if (isJwtAlgorithm(name)) continue;
    const isNone = name.trim().toLowerCase() === 'none';
    reader.fail(
      'algorithms',
      isNone
        ? 'lists the algorithm "none", with which anybody can make tokens.'
        : `lists an algorithm that is not one of ${KNOWN_ALGORITHMS}.`,
      fix,
    );
  }
  return [...new Set(list.filter(isJwtAlgorithm))];
}

function theOneAlgorithm(reader: OptionReader, algorithms: readonly JwtAlgorithm[]): JwtAlgorithm | undefined {
  const [algorithm, second] = algorithms;
  if (second === undefined) return algorithm;
  const isMixed = new Set(algorithms.map((name) => algorithmRow(name).family === 'hmac')).size > 1;
  reader.fail(
    'algorithms',
    isMixed
      ? 'mixes HMAC with public keys for one key: whoever has the public key could sign tokens with it.'
      : 'lists several algorithms for one key; a key is for exactly one.',
    keysFix(reader),
  );
  return undefined;
}

function readKey(reader: OptionReader, source: 'secret' | 'publicKey', algorithm: JwtAlgorithm): JwtKey | undefined {
  if (!isKeyAlgorithm(algorithm)) {
    const problem = `names ${algorithm}, which is for key sets.`;
    reader.fail(
      reader.has('algorithms') ? 'algorithms' : 'algorithm',
      problem,
      `jwks: { keys: [{ kty: 'OKP', crv: 'Ed25519', x: '...', kid: '2026-11' }] }`,
    );
    return undefined;
  }
  const isHmac = algorithmRow(algorithm).family === 'hmac';
  if (isHmac !== (source === 'secret')) {
    const wanted = isHmac ? 'secret' : 'publicKey';
    reader.fail(source, `does not go with ${algorithm}, which needs ${wanted}.`, `${reader.pathOf(wanted)}: ...`);
    return undefined;
  }
  const material = reader.raw(source);
  const key = isHmac ? readHmacSecret(material, algorithm) : readPublicKey(material, algorithm);
  if (key instanceof KeyObject) return Object.freeze({ kid: undefined, algorithm, key });
  reader.fail(source, key.problem, `${reader.pathOf(source)}: ${key.fix}`);
  return undefined;
}

function readKeyList(reader: OptionReader, algorithms: readonly JwtAlgorithm[]): readonly JwtKey[] {
  const list = reader.raw('keys');
  if (!Array.isArray(list) || list.length === 0) {
    reader.fail('keys', 'must be a list of at least one key.', keysFix(reader));
    return [];
  }
  const keys: JwtKey[] = [];
  for (const [index, item] of list.entries()) {
    const level = new OptionReader(item, `${reader.pathOf('keys')}[${index}]`, reader.problems);
    const key = readListedKey(level, algorithms);
    level.finish();
    if (key !== undefined && isDistinct(level, key, keys)) keys.push(key);
  }
  return keys;
}

function readListedKey(reader: OptionReader, algorithms: readonly JwtAlgorithm[]): JwtKey | undefined {
  const kid = readKid(reader);
  const algorithm = reader.raw('algorithm');
  const hasSecret = reader.has('secret');
  const hasPublicKey = reader.has('publicKey');
  if (!isJwtAlgorithm(algorithm)) {
    reader.fail('algorithm', `must be one of ${KNOWN_ALGORITHMS}.`, `${reader.pathOf('algorithm')}: 'HS256'`);
    return undefined;
  }
  if (algorithms.length > 0 && !algorithms.includes(algorithm)) {
    reader.fail('algorithm', `is ${algorithm}, which algorithms does not list.`, `algorithms: ['${algorithm}']`);
  }
  if (hasSecret === hasPublicKey) {
    const problem = hasSecret
      ? 'stands beside publicKey; a key is one of the two.'
      : 'is missing, and so is publicKey.';
    reader.fail(
      'secret',
      problem,
      `${reader.path}: { kid: '...', secret: process.env.JWT_SECRET, algorithm: '${algorithm}' }`,
    );
    return undefined;
  }
  const key = readKey(reader, hasSecret ? 'secret' : 'publicKey', algorithm);
  return key === undefined || kid === undefined ? undefined : Object.freeze({ ...key, kid });
}

function readKid(reader: OptionReader): string | undefined {
  const kid = reader.string('kid');
  if (isIdentifier(kid)) return kid;
  if (kid !== undefined || !reader.has('kid')) {
    reader.fail(
      'kid',
      `must be the kid of the tokens, of at most ${MAX_KID_LENGTH} characters without control characters.`,
      `${reader.pathOf('kid')}: '2026-11'`,
    );
  }
  return undefined;
}

function isDistinct(reader: OptionReader, key: JwtKey, others: readonly JwtKey[]): boolean {
  if (others.some(({ kid }) => kid === key.kid)) {
    reader.fail('kid', 'occurs twice; each key needs its own.', `${reader.pathOf('kid')}: '...'`);
    return false;
  }
  if (others.some((other) => other.algorithm !== key.algorithm && other.key.equals(key.key))) {
    reader.fail(
      'algorithm',
      'gives one key a second algorithm; a key is for exactly one.',
      'make a key of its own for it',
    );
    return false;
  }
  return true;
}

function keysFix(reader: OptionReader): string {
  return `${reader.pathOf('keys')}: [{ kid: '2026-11', secret: process.env.JWT_SECRET, algorithm: 'HS256' }, ...]`;
}
