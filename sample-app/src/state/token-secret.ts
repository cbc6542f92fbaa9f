import { randomBytes } from 'node:crypto';
import type { StateDirectory } from './state-directory.js';

const FILE = 'token-secret';

/** RFC 7518 section 3.2: a key for HS256 has at least the 32 bytes of its hash. */
const SECRET_BYTES = 32;

/**
 * The key that signs access tokens: the given one, or one that is made on first start and kept.
 *
 * @param given - usually `JWT_SECRET`.
 * @param state - without it a made key lives as long as the process.
 * @throws Error when the given key is shorter than 32 bytes.
 */
export async function loadTokenSecret(given: string | undefined, state: StateDirectory | undefined): Promise<string> {
  if (given !== undefined) {
    if (Buffer.byteLength(given) < SECRET_BYTES) {
      throw new Error(
        `JWT_SECRET must have at least ${SECRET_BYTES} bytes. Make one with "openssl rand -base64 32", or leave it out.`,
      );
    }
    return given;
  }
  const stored = await state?.read(FILE);
  if (stored !== undefined && Buffer.byteLength(stored) >= SECRET_BYTES) return stored;
  const made = randomBytes(SECRET_BYTES).toString('base64url');
  await state?.write(FILE, made);
  return made;
}
