import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';

/** OWASP Password Storage Cheat Sheet, scrypt: N = 2^15, r = 8, p = 3, which takes 32 MiB a password. */
const COST = { N: 2 ** 15, r: 8, p: 3 } as const;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** Passwords that may be in work or waiting at once. libuv works on four; more than this is an attack. */
const MAX_PENDING = 32;

const ENCODED = /^scrypt\$(\d{1,8})\$(\d{1,3})\$(\d{1,3})\$([A-Za-z0-9_-]{22})\$([A-Za-z0-9_-]{43})$/;

/** Thrown when too many passwords are being checked at once. */
export class PasswordHasherBusyError extends Error {
  override readonly name = 'PasswordHasherBusyError';

  constructor() {
    super('Too many passwords are being checked. Try again in a moment.');
  }
}

/** Hashes passwords with scrypt and compares them, off the event loop. */
@Injectable()
export class PasswordHasher {
  #pending = 0;

  /**
   * Compared against when there is no such user, so that both answers cost the same (OWASP ASVS 5.0 6.3.8). 32 random bytes
   * that no password is known to hash to.
   */
  readonly #nobody = encode(COST, randomBytes(SALT_BYTES), randomBytes(HASH_BYTES));

  /**
   * Hashes a password with a salt of its own.
   *
   * @returns `scrypt$N$r$p$salt$hash`, so that the cost can be raised later without losing the old passwords.
   * @throws PasswordHasherBusyError
   */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    return encode(COST, salt, await this.derive(password, salt, COST));
  }

  /**
   * Whether a password is the one that was hashed.
   *
   * @param encoded - `undefined` for an unknown user: the same work is done and the answer is `false`.
   * @throws PasswordHasherBusyError
   */
  async verify(password: string, encoded: string | undefined): Promise<boolean> {
    const [, N, r, p, salt, hash] = ENCODED.exec(encoded ?? this.#nobody) ?? [];
    if (salt === undefined || hash === undefined) return false;
    const derived = await this.derive(password, Buffer.from(salt, 'base64url'), {
      N: Number(N),
      r: Number(r),
      p: Number(p),
    });
    return timingSafeEqual(derived, Buffer.from(hash, 'base64url'));
  }

  private async derive(password: string, salt: Buffer, cost: Cost): Promise<Buffer> {
    if (this.#pending >= MAX_PENDING) throw new PasswordHasherBusyError();
    this.#pending += 1;
    try {
      return await new Promise<Buffer>((resolve, reject) => {
        // NFKC (NIST SP 800-63B 5.1.1.2): the same password typed on two keyboards is the same bytes.
        scrypt(password.normalize('NFKC'), salt, HASH_BYTES, { ...cost, maxmem: 64 * 2 ** 20 }, (error, key) => {
          if (error === null) resolve(key);
          else reject(error);
        });
      });
    } finally {
      this.#pending -= 1;
    }
  }
}

interface Cost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

function encode({ N, r, p }: Cost, salt: Buffer, hash: Buffer): string {
  return ['scrypt', N, r, p, salt.toString('base64url'), hash.toString('base64url')].join('$');
}
