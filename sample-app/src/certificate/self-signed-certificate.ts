import { createPrivateKey, X509Certificate } from 'node:crypto';
import { generate } from 'selfsigned';
import type { StateDirectory } from '../state/state-directory.js';

/** A certificate with its private key, both as PEM. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

const CERTIFICATE_FILE = 'certificate.pem';
const KEY_FILE = 'certificate-key.pem';
const DAY_MS = 86_400_000;

/** Browsers refuse certificates that last longer than 398 days. */
const VALID_DAYS = 365;

/**
 * Gives the app a certificate for `localhost`, `127.0.0.1` and `::1`: the stored one, or a new one where there is none,
 * it does not match its key, or it ends within a day.
 *
 * @param state - without it a new certificate is made at each start.
 */
export async function loadCertificate(state: StateDirectory | undefined, now = Date.now()): Promise<CertificatePair> {
  const [cert, key] = [await state?.read(CERTIFICATE_FILE), await state?.read(KEY_FILE)];
  if (cert !== undefined && key !== undefined && isUsable(cert, key, now)) return { cert, key };
  const made = await makeCertificate(now);
  await state?.write(KEY_FILE, made.key);
  await state?.write(CERTIFICATE_FILE, made.cert);
  return made;
}

function isUsable(cert: string, key: string, now: number): boolean {
  try {
    const certificate = new X509Certificate(cert);
    // A process that died between the two files leaves a certificate that does not belong to its key.
    return certificate.checkPrivateKey(createPrivateKey(key)) && Date.parse(certificate.validTo) - now > DAY_MS;
  } catch {
    return false;
  }
}

async function makeCertificate(now: number): Promise<CertificatePair> {
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    // An hour back: the clock of a virtual machine may be a little behind the one that made the certificate.
    notBeforeDate: new Date(now - 3_600_000),
    notAfterDate: new Date(now + VALID_DAYS * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  return { cert: made.cert, key: made.private };
}
