import { readFile } from 'node:fs/promises';
import { readSecret, type SecretSources } from './read-secret.js';

/**
 * Reads what tokens are signed with: of a file whatever is in it, a private key in PEM or a secret; else a secret of one line.
 *
 * @throws TypeError where it is not there.
 */
export async function readSigningKey(place: string, sources: SecretSources): Promise<string> {
  const [, path] = /^file:(.+)$/s.exec(place) ?? [];
  if (path === undefined) return readSecret('--signing-key', place, sources);
  try {
    const key = (await readFile(path, 'utf8')).trim();
    if (key !== '') return key;
  } catch (cause) {
    const { code = 'an unknown reason' } = cause as NodeJS.ErrnoException;
    throw new TypeError(`--signing-key ${place} cannot be read: ${code}.`, { cause });
  }
  throw new TypeError(`--signing-key ${place} is empty.`);
}
