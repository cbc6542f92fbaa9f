import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';

/** How many hashes are remembered: the same few principals cause most events. */
const REMEMBERED = 1000;

/** 96 bits: enough that no two users of one system share a hash. */
const LENGTH = 16;

/**
 * Turns identifiers into keyed hashes, so that the lines of one user can be joined without saying who it is. Without the
 * key a hash cannot be tried out against a list of users (OWASP ASVS 5.0 16.2.5).
 */
export class IdentifierHash {
  readonly #remembered = new Map<string, string>();

  constructor(private readonly key: KeyObject) {}

  /** How many hashes are remembered; clients make up identifiers. */
  get size(): number {
    return this.#remembered.size;
  }

  /** 16 characters of base64url: the first 96 bits of the HMAC-SHA256. */
  of(identifier: string): string {
    const known = this.#remembered.get(identifier);
    if (known !== undefined) return known;
    const hash = createHmac('sha256', this.key).update(identifier).digest('base64url').slice(0, LENGTH);
    if (this.#remembered.size >= REMEMBERED) this.#forgetOldest();
    this.#remembered.set(identifier, hash);
    return hash;
  }

  #forgetOldest(): void {
    for (const oldest of this.#remembered.keys()) {
      this.#remembered.delete(oldest);
      return;
    }
  }
}

/** A key that ends with the process: hashes of two processes, or from before and after a restart, cannot be joined. */
export function randomHashKey(): KeyObject {
  return createSecretKey(randomBytes(32));
}
