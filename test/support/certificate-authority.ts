import 'reflect-metadata';
import { randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  type JsonGeneralNames,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  X509CrlGenerator,
} from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const HOUR_MS = 3_600_000;

export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

/** What a certificate says. */
export interface CertificateShape {
  /** `CN=alice`, or attribute by attribute where a value has a comma. */
  readonly subject?: string | { readonly [attribute: string]: string[] }[];
  readonly names?: JsonGeneralNames;
  /** @default [CLIENT_AUTH] */
  readonly usages?: readonly string[];
  readonly isAuthority?: boolean;
  readonly notBefore?: number;
  readonly notAfter?: number;
}

/** A certificate with its key, as `tls` takes them. */
export interface Issued {
  /** With those of its authorities behind it, up to the root. */
  readonly cert: string;
  readonly key: string;
  readonly fingerprint: string;
  readonly serialNumber: string;
}

/** A certificate authority that lives as long as a test. */
export class CertificateAuthority {
  private constructor(
    readonly name: string,
    readonly cert: string,
    private readonly keys: webcrypto.CryptoKeyPair,
    private readonly above: string,
  ) {}

  /** Makes one that signs itself. */
  static async create(name = 'CN=Test Root'): Promise<CertificateAuthority> {
    const keys = await newKeys();
    const root = await X509CertificateGenerator.createSelfSigned({
      ...validity({}),
      serialNumber: serial(),
      name,
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: [new BasicConstraintsExtension(true, undefined, true)],
    });
    return new CertificateAuthority(name, root.toString('pem'), keys, '');
  }

  /** Makes one that this one vouches for. */
  async authority(name: string): Promise<CertificateAuthority & { readonly serialNumber: string }> {
    const keys = await newKeys();
    const { cert, serialNumber } = await this.#issue({ subject: name, isAuthority: true }, keys);
    const made = new CertificateAuthority(name, cert, keys, `${cert}\n${this.above}`);
    return Object.assign(made, { serialNumber });
  }

  /** Makes a certificate for a client or a server. */
  async issue(shape: CertificateShape): Promise<Issued> {
    const keys = await newKeys();
    const { cert, serialNumber } = await this.#issue(shape, keys);
    const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
    const fingerprint = new X509Certificate(cert).fingerprint256;
    const key = `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`;
    return { cert: `${cert}\n${this.above}`, key, fingerprint, serialNumber };
  }

  /** Makes a revocation list. */
  async revoke(serialNumbers: readonly string[], nextUpdate = Date.now() + HOUR_MS): Promise<string> {
    const list = await X509CrlGenerator.create({
      issuer: this.name,
      thisUpdate: new Date(Date.now() - HOUR_MS),
      nextUpdate: new Date(nextUpdate),
      signingAlgorithm: ALGORITHM,
      signingKey: this.keys.privateKey,
      entries: serialNumbers.map((serialNumber) => ({ serialNumber })),
    });
    // The label that OpenSSL knows (RFC 7468 section 6).
    return list.toString('pem').replaceAll(' CRL-----', ' X509 CRL-----');
  }

  async #issue(shape: CertificateShape, keys: webcrypto.CryptoKeyPair) {
    const { subject = 'CN=client', names, usages = [CLIENT_AUTH], isAuthority = false } = shape;
    const serialNumber = serial();
    const certificate = await X509CertificateGenerator.create({
      ...validity(shape),
      serialNumber,
      subject: typeof subject === 'string' ? subject : subject.map((attribute) => ({ ...attribute })),
      issuer: this.name,
      publicKey: keys.publicKey,
      signingKey: this.keys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [
        ...(isAuthority ? [new BasicConstraintsExtension(true, undefined, true)] : []),
        ...(usages.length === 0 || isAuthority ? [] : [new ExtendedKeyUsageExtension([...usages])]),
        ...(names === undefined ? [] : [new SubjectAlternativeNameExtension(names)]),
      ],
    });
    return { cert: certificate.toString('pem'), serialNumber };
  }
}

const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

/** Positive, as RFC 5280 wants it, and without a leading zero, which OpenSSL refuses in a revocation list. */
const serial = (): string => `5a${randomBytes(15).toString('hex')}`;

const validity = ({ notBefore = Date.now() - HOUR_MS, notAfter = Date.now() + 24 * HOUR_MS }: CertificateShape) => ({
  notBefore: new Date(notBefore),
  notAfter: new Date(notAfter),
});
