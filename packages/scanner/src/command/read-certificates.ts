import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/**
 * Reads the certificates of an authority, as text.
 *
 * @throws TypeError for what is no certificate in PEM.
 */
export async function readCertificates(path: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const { code = 'an unknown reason' } = cause as NodeJS.ErrnoException;
    throw new TypeError(`--ca ${path} cannot be read: ${code}.`, { cause });
  }
  try {
    // Of a chain the first: TLS reads the rest by itself.
    new X509Certificate(text);
  } catch (cause) {
    throw new TypeError(`--ca ${path} is not a certificate in PEM.`, { cause });
  }
  return text;
}
