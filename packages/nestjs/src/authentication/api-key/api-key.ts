import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** A new API key: what its owner is shown once, and what is stored. */
export interface CreatedApiKey {
  /** The whole key. Show it once, and store it nowhere. */
  readonly key: string;
  /** What a `WsApiKeyStore` finds it by. No secret. */
  readonly id: string;
  /** The SHA-256 of the whole key, as 64 hexadecimal digits. */
  readonly hash: string;
}

/** What begins a key where nothing else is asked for. */
export const DEFAULT_API_KEY_PREFIX = 'key';

/** So that a key is one word in a header, and in the patterns of secret scanners. */
const PREFIX = /^[a-z][a-z0-9_-]{0,31}$/;

/** The id: 64 bits. The secret: 256 bits (OWASP ASVS 5.0 7.2.2 asks for 128). The checksum: 32 bits. */
const REST = /^_([0-9a-f]{16})_[0-9a-f]{64}([0-9a-f]{8})$/;

/** Whether a text can begin keys. */
export function isApiKeyPrefix(prefix: string): boolean {
  return PREFIX.test(prefix);
}

/**
 * Makes an API key, `<prefix>_<id>_<secret and checksum>`.
 *
 * @param prefix 1 to 32 of `a-z`, `0-9`, `_` and `-`, a letter first. @default 'key'
 * @throws TypeError for another prefix.
 */
export function createApiKey(prefix: string = DEFAULT_API_KEY_PREFIX): CreatedApiKey {
  if (!isApiKeyPrefix(prefix))
    throw new TypeError('The prefix of an API key is 1 to 32 of a-z, 0-9, _ and -, a letter first.');
  const id = randomBytes(8).toString('hex');
  const body = `${prefix}_${id}_${randomBytes(32).toString('hex')}`;
  const key = `${body}${checksumOf(body)}`;
  return { key, id, hash: hashApiKey(key).toString('hex') };
}

/**
 * Reads the id of a key. The checksum tells a key from a typing mistake without a look-up, and lets scanners of leaked
 * secrets tell it from noise; anybody can compute it.
 *
 * @returns `undefined` for what is no key of this prefix.
 */
export function readApiKeyId(key: string, prefix: string): string | undefined {
  if (!key.startsWith(prefix)) return undefined;
  const [, id, checksum = ''] = REST.exec(key.slice(prefix.length)) ?? [];
  return checksum === checksumOf(key.slice(0, -checksum.length)) ? id : undefined;
}

/**
 * What is stored of a key. A plain SHA-256: a slow hash makes guessing short secrets expensive, and nobody guesses one of 256
 * random bits, while its cost would let strangers keep the server busy.
 */
export function hashApiKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

function checksumOf(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
