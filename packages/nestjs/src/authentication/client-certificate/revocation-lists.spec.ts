import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { CertificateAuthority } from '../../../../../test/support/certificate-authority.js';
import { createPrincipal } from '../../core/principal.js';
import { SystemClock } from '../../core/clock.js';
import { certificateName } from './client-certificate.js';
import { readRevocationLists } from './revocation-lists.js';
import { type CertifiedConnection, RevokedCertificates } from './revoked-certificates.js';
import { WsClientCertificates } from './ws-client-certificates.js';

const now = Date.now();
let root: CertificateAuthority;
let intermediate: Awaited<ReturnType<CertificateAuthority['authority']>>;

beforeAll(async () => {
  root = await CertificateAuthority.create('CN=Root');
  intermediate = await root.authority('CN=Intermediate');
});

describe('readRevocationLists', () => {
  it('TR-04 reads numbers and issuers of one list or several, of texts and of buffers', async () => {
    const [own, above] = [await intermediate.revoke(['5a01', '5a02']), await root.revoke(['5a03'])];
    const names = ['5a01 CN=Intermediate', '5a02 CN=Intermediate', '5a03 CN=Root'];
    const ca = [root.cert, Buffer.from(intermediate.cert)];
    for (const crl of [`${own}\n${above}`, [own, above], [Buffer.from(own), above], Buffer.from(own + above)]) {
      const read = await readRevocationLists({ crl, ca }, now);
      expect([...read.names]).toEqual(names);
    }
    expect([...(await readRevocationLists({ crl: await root.revoke([]), ca }, now)).names]).toEqual([]);
  });

  it('TR-04 tells the certificates of the authorities, those of one name together', async () => {
    const twin = await root.authority('CN=Intermediate');
    const { authorities } = await readRevocationLists(
      { crl: await root.revoke([]), ca: [root.cert, intermediate.cert, twin.cert] },
      now,
    );
    const { issuer, serialNumber } = new X509Certificate(root.cert);
    expect([...authorities]).toEqual([
      ['CN=Root', [certificateName(issuer, serialNumber)]],
      ['CN=Intermediate', [`${intermediate.serialNumber} CN=Root`, `${twin.serialNumber} CN=Root`]],
    ]);
  });

  it('TR-04 finds the one that signed a list among several of one name', async () => {
    const impostor = await CertificateAuthority.create('CN=Root');
    const crl = await root.revoke(['5a01']);
    const { names } = await readRevocationLists({ crl, ca: [impostor.cert, root.cert] }, now);
    expect([...names]).toEqual(['5a01 CN=Root']);
    await expect(readRevocationLists({ crl, ca: impostor.cert }, now)).rejects.toThrow(
      'A revocation list is signed by none of the authorities in ca.',
    );
  });

  it.each<[string, () => Promise<{ crl: string | string[]; ca: string | string[] }>, string]>([
    ['no list', () => Promise.resolve({ crl: [], ca: root.cert }), 'There is no revocation list: crl must be PEM.'],
    [
      'a certificate for a list',
      () => Promise.resolve({ crl: root.cert, ca: root.cert }),
      'There is no revocation list',
    ],
    ['a list of nobody in ca', async () => ({ crl: await root.revoke([]), ca: intermediate.cert }), 'by none of the'],
    ['no authority', async () => ({ crl: await root.revoke([]), ca: [] }), 'by none of the authorities in ca.'],
    ['a list that has ended', async () => ({ crl: await root.revoke([], now), ca: root.cert }), 'past its nextUpdate'],
    [
      'a bad list behind a good one',
      async () => ({ crl: [await root.revoke([]), await intermediate.revoke([])], ca: root.cert }),
      'by none of the authorities in ca.',
    ],
  ])('TR-04 refuses %s', async (_, make, text) => {
    const answer = readRevocationLists(await make(), Math.floor(now / 1000) * 1000 + 1000);
    await expect(answer).rejects.toThrow(TypeError);
    await expect(answer).rejects.toThrow(text);
  });

  it('TR-04 takes a list up to the moment of its next one', async () => {
    const next = Math.floor(now / 1000) * 1000 + 60_000;
    const source = { crl: await root.revoke(['5a01'], next), ca: root.cert };
    expect((await readRevocationLists(source, next - 1)).names.size).toBe(1);
    await expect(readRevocationLists(source, next)).rejects.toThrow('past its nextUpdate');
  });
});

describe('WsClientCertificates', () => {
  it('TR-04 SL-05 closes what stands on a revoked certificate, and keeps the lists from before where a new one is bad', async () => {
    const closed: string[] = [];
    const connection = (id: string, chain: readonly string[]) => {
      const claims = { certificate: { chain } };
      const principal = createPrincipal({ kind: 'client-certificate', issuer: 'x', id, authenticatedAt: 0, claims });
      const certified: CertifiedConnection = { principal, certificate: undefined };
      return { ...certified, close: (word: string) => closed.push(`${id} ${word}`) };
    };
    const connections = [connection('alice', ['5a01 CN=Root']), connection('bob', ['5a02 CN=Root'])];
    const revoked = new RevokedCertificates();
    const certificates = new WsClientCertificates(revoked, new SystemClock(), () => connections);
    const [first, second] = [await root.revoke(['5a01']), await root.revoke(['5a02'])];
    const bad = certificates.reload({ crl: first, ca: intermediate.cert });
    const good = certificates.reload({ crl: first, ca: root.cert });
    await expect(bad).rejects.toThrow(TypeError);
    expect(await good).toBe(1);
    expect(closed).toEqual(['alice REVOKED']);
    await expect(certificates.reload({ crl: [], ca: [] })).rejects.toThrow(TypeError);
    expect(revoked.has({ chain: ['5a01 CN=Root'] })).toBe(true);
    expect(await certificates.reload({ crl: second, ca: root.cert })).toBe(1);
    expect(closed).toEqual(['alice REVOKED', 'bob REVOKED']);
    expect(revoked.has({ chain: ['5a01 CN=Root'] })).toBe(false);
    expect(revoked.mayHave({ chain: ['5a07 CN=Root'] })).toBe(false);
  });
});
