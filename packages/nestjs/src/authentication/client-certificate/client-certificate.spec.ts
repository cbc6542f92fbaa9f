import { createHash, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  CertificateAuthority,
  type CertificateShape,
  CLIENT_AUTH,
  SERVER_AUTH,
} from '../../../../../test/support/certificate-authority.js';
import {
  CLIENT_CERTIFICATE_KIND,
  certificateName,
  certificateThumbprint,
  distinguishedName,
  issuerIn,
  MAX_CHAIN,
  plainFingerprint,
  readClientCertificate,
  readProvedCertificate,
} from './client-certificate.js';

const FROM = Date.UTC(2026, 0, 1);
const UNTIL = FROM + 86_400_000;
let authority: CertificateAuthority;

beforeAll(async () => {
  authority = await CertificateAuthority.create('CN=Root,O=Example');
});

async function issue(shape: CertificateShape = {}): Promise<X509Certificate> {
  return new X509Certificate((await authority.issue({ notBefore: FROM, notAfter: UNTIL, ...shape })).cert);
}

/** The same certificate where Node says something else of it. */
function saying(certificate: X509Certificate, facts: Readonly<Record<string, unknown>>): X509Certificate {
  const said = new X509Certificate(certificate.raw);
  for (const [name, value] of Object.entries(facts)) Object.defineProperty(said, name, { value });
  return said;
}

/** A certificate with so many authorities above it, each with its place as its number. */
function inChainOf(leaf: X509Certificate, authorities: number): X509Certificate {
  let issuerCertificate: X509Certificate | undefined;
  for (let place = authorities; place > 0; place--) {
    issuerCertificate = saying(leaf, { issuer: `CN=${place + 1}`, serialNumber: `0${place}`, issuerCertificate });
  }
  return saying(leaf, { issuer: 'CN=1', serialNumber: '00', issuerCertificate });
}

describe('readClientCertificate', () => {
  it('TR-04 reads what a certificate of a client says', async () => {
    const certificate = await issue({
      subject: [{ O: ['Example, Inc.'] }, { CN: ['gateway-7'] }],
      names: [
        { type: 'url', value: 'spiffe://example.com/gateway' },
        { type: 'email', value: 'ops@example.com' },
        { type: 'dns', value: 'gateway.example.com' },
        { type: 'url', value: 'https://example.com/a,b' },
      ],
    });
    const read = readClientCertificate(certificate, FROM);
    const serialNumber = certificate.serialNumber.toLowerCase();
    expect(read).toEqual({
      fingerprint: createHash('sha256').update(certificate.raw).digest('hex'),
      subject: String.raw`O=Example\, Inc., CN=gateway-7`,
      issuer: 'CN=Root, O=Example',
      serialNumber,
      uris: ['spiffe://example.com/gateway', 'https://example.com/a,b'],
      emails: ['ops@example.com'],
      notAfter: UNTIL,
      chain: [`${serialNumber} CN=Root, O=Example`],
    });
    expect(CLIENT_CERTIFICATE_KIND).toBe('client-certificate');
  });

  it('AN-14 freezes what it has read, and the lists in it', async () => {
    const read = readClientCertificate(await issue(), FROM);
    if (typeof read === 'string') throw new Error(read);
    expect([read, read.uris, read.emails, read.chain].map((each) => Object.isFrozen(each))).toEqual(
      new Array(4).fill(true),
    );
    expect([read.uris, read.emails]).toEqual([[], []]);
  });

  it.each<readonly [what: string, shape: CertificateShape, verdict: 'object' | 'string']>([
    ['for clients', { usages: [CLIENT_AUTH] }, 'object'],
    ['for clients and servers', { usages: [SERVER_AUTH, CLIENT_AUTH] }, 'object'],
    ['for servers', { usages: [SERVER_AUTH] }, 'string'],
    ['for whatever', { usages: [] }, 'string'],
    ['of an authority', { isAuthority: true }, 'string'],
  ])('TR-04 judges a certificate %s by its usage', async (_, shape, verdict) => {
    const read = readClientCertificate(await issue(shape), FROM);
    expect(typeof read).toBe(verdict);
    if (typeof read === 'string') expect(read).toBe('bad-certificate');
  });

  it('TR-04 refuses an authority that is made for clients as well', async () => {
    expect(readClientCertificate(saying(await issue(), { ca: true }), FROM)).toBe('bad-certificate');
  });

  it.each<readonly [what: string, now: number, verdict: string | undefined]>([
    ['before it begins', FROM - 1, 'not-yet-valid'],
    ['when it begins', FROM, undefined],
    ['until it ends', UNTIL - 1, undefined],
    ['when it ends', UNTIL, 'expired'],
  ])('TR-04 SL-02 judges a certificate %s', async (_, now, verdict) => {
    const read = readClientCertificate(await issue(), now);
    expect(typeof read === 'string' ? read : undefined).toBe(verdict);
  });

  it.each<readonly [fact: string, verdict: string]>([
    ['validFrom', 'not-yet-valid'],
    ['validTo', 'expired'],
  ])('TR-04 refuses a certificate whose %s cannot be read', async (fact, verdict) => {
    expect(readClientCertificate(saying(await issue(), { [fact]: 'some day' }), FROM)).toBe(verdict);
  });

  it('TR-04 reads a quoted name as one, and takes one that is not closed for no certificate', async () => {
    const certificate = await issue();
    const read = (subjectAltName: string) => readClientCertificate(saying(certificate, { subjectAltName }), FROM);
    expect(
      read(String.raw`URI:"https://example.com/a\u002c URI:https://evil.example", email:a@example.com`),
    ).toMatchObject({ uris: ['https://example.com/a, URI:https://evil.example'], emails: ['a@example.com'] });
    expect(read('URI:"https://example.com')).toBe('malformed');
  });
});

describe('what a certificate is called', () => {
  it('TR-04 is its number and its issuer, however they are written', () => {
    const name = '5a0b C=DE, CN=Root';
    expect(certificateName('C=DE\nCN=Root', '5A0B')).toBe(name);
    expect(certificateName('C=DE\nCN=Root', '005a0B')).toBe(name);
    expect(certificateName('CN=Root', '00')).toBe('0 CN=Root');
    expect(issuerIn(name)).toBe('C=DE, CN=Root');
    expect(issuerIn('')).toBe('');
  });

  it('TR-04 has one spelling of a fingerprint and of a name', () => {
    expect(plainFingerprint('AB:0C:Ef')).toBe('ab0cef');
    expect(distinguishedName('C=DE\nO=A\nCN=b')).toBe('C=DE, O=A, CN=b');
    expect(distinguishedName(undefined)).toBe('');
  });

  it('TR-04 goes up to its root, and no further than OpenSSL follows', async () => {
    const leaf = await issue();
    const chainAbove = (authorities: number) => readProvedCertificate(inChainOf(leaf, authorities), false).chain;
    expect(MAX_CHAIN).toBe(10);
    expect(chainAbove(0)).toEqual(['0 CN=1']);
    expect(chainAbove(2)).toEqual(['0 CN=1', '1 CN=2', '2 CN=3']);
    expect(chainAbove(9)).toHaveLength(10);
    expect(chainAbove(10)).toEqual(chainAbove(9));
  });
});

describe('readProvedCertificate', () => {
  it('AN-06 names a certificate by the SHA-256 of its bytes', async () => {
    const certificate = await issue();
    const thumbprint = createHash('sha256').update(certificate.raw).digest('base64url');
    expect(certificateThumbprint(certificate)).toBe(thumbprint);
    const proved = readProvedCertificate(certificate, false);
    expect(proved).toEqual({
      thumbprint,
      chain: [`${certificate.serialNumber.toLowerCase()} CN=Root, O=Example`],
      isCutShort: false,
    });
    expect([proved, proved.chain].map((each) => Object.isFrozen(each))).toEqual([true, true]);
  });

  it.each<readonly [isResumed: boolean, issuer: string, isCutShort: boolean]>([
    [false, 'CN=Root', false],
    [true, 'CN=Root', true],
    [false, 'CN=self', false],
    // Nothing stands above a certificate that has signed itself.
    [true, 'CN=self', false],
  ])('TR-04 resumed %s under %s may have a longer chain: %s', async (isResumed, issuer, isCutShort) => {
    const certificate = saying(await issue(), { subject: 'CN=self', issuer });
    expect(readProvedCertificate(certificate, isResumed).isCutShort).toBe(isCutShort);
  });
});
