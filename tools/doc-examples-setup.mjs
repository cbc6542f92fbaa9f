import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { examplesFolder, writeExamples } from './doc-examples.mjs';
import { loadCertificate } from '../sample-app/src/certificate/self-signed-certificate.js';

/** Writes the examples of the pages, and the key files that they read, before the first test. */
export async function setup() {
  writeExamples();
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = publicKey.export({ format: 'pem', type: 'spki' });
  writeFileSync(join(examplesFolder, 'id.example.com.pem'), pem);
  const { key, cert } = await loadCertificate(undefined);
  writeFileSync(join(examplesFolder, 'localhost-key.pem'), key);
  writeFileSync(join(examplesFolder, 'localhost.pem'), cert);
}
