import { webcrypto, X509Certificate } from 'node:crypto';
import { certificateName, distinguishedName } from './client-certificate.js';
import type { KnownAuthorities } from './revoked-certificates.js';

/** PEM, in one text or several: the `crl` and `ca` of `tls.createSecureContext()`. */
export type PemSource = string | Buffer | readonly (string | Buffer)[];

/** Revocation lists, with what they are checked against. */
export interface RevocationListSource {
  /** One list or several. */
  readonly crl: PemSource;
  /**
   * The certificates of the authorities that signed them, and of every other one between them and the clients: of a client
   * behind a proxy, or one that resumes a TLS session, only its own certificate is known.
   */
  readonly ca: PemSource;
}

/** What revocation lists say, and what is known of the authorities beside them. */
export interface ReadRevocationLists {
  /** The certificates that they name: see `certificateName()`. */
  readonly names: ReadonlySet<string>;
  readonly authorities: KnownAuthorities;
}

/**
 * Reads revocation lists (RFC 5280 section 5) that are signed by a given authority.
 *
 * @param now milliseconds since 1970.
 * @throws TypeError for what is not a list, is signed by nobody that is given, or has ended; nothing of it counts then.
 */
export async function readRevocationLists(
  { crl, ca }: RevocationListSource,
  now: number,
): Promise<ReadRevocationLists> {
  const { X509Crl, X509Certificate: Authority } = await loadLibrary();
  const lists = blocksOf(crl, 'X509 CRL');
  if (lists.length === 0) throw new TypeError('There is no revocation list: crl must be PEM.');
  const known = new Map<string, string[]>();
  const authorities = blocksOf(ca, 'CERTIFICATE').map((pem) => {
    const { subject: name, issuer, serialNumber } = new X509Certificate(pem);
    const subject = distinguishedName(name);
    known.set(subject, [...(known.get(subject) ?? []), certificateName(issuer, serialNumber)]);
    return { name, certificate: new Authority(pem) };
  });
  const revoked = new Set<string>();
  for (const pem of lists) {
    const list = new X509Crl(pem);
    const signers = authorities.filter(({ certificate }) => certificate.subject === list.issuer);
    const checked = signers.map(async ({ name, certificate: { publicKey } }) =>
      (await list.verify({ publicKey }, webcrypto)) ? name : undefined,
    );
    const issuer = (await Promise.all(checked)).find((name) => name !== undefined);
    if (issuer === undefined) throw new TypeError('A revocation list is signed by none of the authorities in ca.');
    if (list.nextUpdate !== undefined && list.nextUpdate.getTime() <= now) {
      throw new TypeError(
        'A revocation list is past its nextUpdate: load a current one. Whoever was revoked since is not in it.',
      );
    }
    for (const { serialNumber } of list.entries) revoked.add(certificateName(issuer, serialNumber));
  }
  return { names: revoked, authorities: known };
}

async function loadLibrary() {
  try {
    return await import('@peculiar/x509');
  } catch (cause) {
    throw new TypeError('Revocation lists are read with @peculiar/x509: npm install @peculiar/x509.', { cause });
  }
}

function blocksOf(source: PemSource, label: string): readonly string[] {
  const text = [source].flat().map(String).join('\n');
  return text.match(new RegExp(`-----BEGIN ${label}-----[^-]*-----END ${label}-----`, 'g')) ?? [];
}
