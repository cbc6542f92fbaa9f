import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/**
 * Reads the public key that a server verifies tokens with, as text.
 *
 * @throws TypeError for what is no public key in PEM.
 */
export async function readPublicKey(path: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const { code = 'an unknown reason' } = cause as NodeJS.ErrnoException;
    throw new TypeError(`--public-key ${path} cannot be read: ${code}.`, { cause });
  }
  try {
    createPublicKey(text);
  } catch (cause) {
    throw new TypeError(`--public-key ${path} is not a public key in PEM.`, { cause });
  }
  // Of a private one the public half could be had as well: it would be sent to the server as the secret of a signature.
  if (text.includes('PRIVATE KEY')) throw new TypeError(`--public-key ${path} is a private key: give its public half.`);
  return text;
}
