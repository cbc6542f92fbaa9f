import { createSecretKey, randomBytes, X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  CertificateAuthority,
  type CertificateShape,
  SERVER_AUTH,
} from '../../../../../test/support/certificate-authority.js';
import { createPrincipal } from '../../core/principal.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { WsCsrfTokens } from '../csrf-tokens.js';
import { ClientCertificateAuthenticator, type PresentedCertificate } from './client-certificate.authenticator.js';
import { type ClientCertificate, certificateName, plainFingerprint } from './client-certificate.js';
import { RevokedCertificates } from './revoked-certificates.js';
import { type ClientCertificateIdentity, WsClientCertificateMapper } from './ws-client-certificate-mapper.js';

const FROM = Date.UTC(2026, 0, 1);
const UNTIL = FROM + 86_400_000;
const csrfKeys = [createSecretKey(randomBytes(32))];

class Mapper extends WsClientCertificateMapper {
  readonly asked: ClientCertificate[] = [];
  onAsked = (): void => {};

  constructor(private readonly answer: unknown) {
    super();
  }

  override identify(certificate: ClientCertificate): ReturnType<WsClientCertificateMapper['identify']> {
    this.asked.push(certificate);
    this.onAsked();
    return this.answer as ClientCertificateIdentity;
  }
}

describe('ClientCertificateAuthenticator', () => {
  let authority: CertificateAuthority;
  let good: X509Certificate;
  let revoked: RevokedCertificates;
  let request: IncomingMessage;

  async function issue(shape: CertificateShape = {}): Promise<X509Certificate> {
    return new X509Certificate((await authority.issue({ notBefore: FROM, notAfter: UNTIL, ...shape })).cert);
  }

  beforeAll(async () => {
    authority = await CertificateAuthority.create('CN=Root');
    good = await issue();
  });

  beforeEach(() => {
    revoked = new RevokedCertificates();
    request = {} as IncomingMessage;
  });

  function authenticatorOf(
    mapper: Mapper | undefined,
    fingerprints: Readonly<Record<string, ClientCertificateIdentity>> = {},
    clients: 'programs' | 'browsers' = 'programs',
  ): ClientCertificateAuthenticator {
    const options = { clients, fingerprints: new Map(Object.entries(fingerprints)), mapper: undefined, csrfKeys };
    return new ClientCertificateAuthenticator(options, { mapper, revoked, clock: new FakeClock(FROM + 1000) });
  }

  /** What comes of a certificate: an identity, or why it is refused. */
  async function outcome(
    authenticator: ClientCertificateAuthenticator,
    presented: Partial<PresentedCertificate> = {},
  ): Promise<unknown> {
    const credential = authenticator.credentialOf({ certificate: good, isVerified: true, ...presented }, request);
    try {
      return await authenticator.authenticate(credential, request);
    } catch (error) {
      return (error as { readonly failure?: unknown }).failure ?? error;
    }
  }

  const revokeIts = (certificate: X509Certificate) =>
    revoked.replace(new Set([certificateName(certificate.issuer, certificate.serialNumber)]));

  it('TR-04 takes a verified certificate for whom the mapper says', async () => {
    const mapper = new Mapper({ id: 'gateway-7', roles: ['device'], claims: { site: 'north' } });
    const fingerprint = plainFingerprint(good.fingerprint256);
    expect(await outcome(authenticatorOf(mapper))).toEqual({
      id: 'gateway-7',
      roles: ['device'],
      kind: 'client-certificate',
      issuer: 'client-certificate',
      keyId: fingerprint,
      expiresAt: UNTIL,
      claims: { site: 'north', certificate: expect.objectContaining({ fingerprint, subject: 'CN=client' }) as unknown },
    });
    expect(mapper.asked).toHaveLength(1);
  });

  it('TR-04 asks no mapper about a certificate whose fingerprint is listed', async () => {
    const mapper = new Mapper({ id: 'other' });
    const listed = { [plainFingerprint(good.fingerprint256)]: { id: 'listed', issuer: 'https://id.example.com' } };
    expect(await outcome(authenticatorOf(mapper, listed))).toMatchObject({
      id: 'listed',
      issuer: 'https://id.example.com',
    });
    expect(mapper.asked).toEqual([]);
    expect(await outcome(authenticatorOf(undefined, { ['0'.repeat(64)]: { id: 'listed' } }))).toBe('bad-subject');
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a promise of nothing', Promise.resolve(undefined)],
    ['a promise of null', Promise.resolve(null)],
  ])('TR-04 AN-03 knows nobody where the mapper answers %s', async (_, answer) => {
    expect(await outcome(authenticatorOf(new Mapper(answer)))).toBe('bad-subject');
  });

  it('AN-03 refuses with what a mapper rejects with', async () => {
    const failure = new Error('the table is away');
    expect(await outcome(authenticatorOf(new Mapper(Promise.reject(failure))))).toBe(failure);
  });

  it.each<[string, CertificateShape, string]>([
    ['of a server', { usages: [SERVER_AUTH] }, 'bad-certificate'],
    ['without a usage', { usages: [] }, 'bad-certificate'],
    ['that has ended', { notBefore: FROM - 2000, notAfter: FROM }, 'expired'],
    ['of tomorrow', { notBefore: FROM + 60_000 }, 'not-yet-valid'],
  ])('TR-04 refuses a certificate %s, and asks nobody whose it is', async (_, shape, failure) => {
    const mapper = new Mapper({ id: 'x' });
    expect(await outcome(authenticatorOf(mapper), { certificate: await issue(shape) })).toBe(failure);
    expect(mapper.asked).toEqual([]);
  });

  it('TR-04 refuses a certificate whose chain nobody verified', async () => {
    const mapper = new Mapper({ id: 'x' });
    expect(await outcome(authenticatorOf(mapper), { isVerified: false })).toBe('bad-certificate');
    expect(mapper.asked).toEqual([]);
  });

  it('TR-04 knows a certificate by what the handshake found, not by what a request says', () => {
    const authenticator = authenticatorOf(new Mapper({ id: 'x' }));
    const credential = authenticator.credentialOf({ certificate: good, isVerified: true }, request);
    expect(credential).toEqual({
      scheme: 'client-certificate',
      value: plainFingerprint(good.fingerprint256),
      source: 'client-certificate',
    });
    expect(() => authenticator.authenticate(credential, {} as IncomingMessage)).toThrow('missing');
    expect(authenticator.accepts(credential)).toBe(true);
    expect(authenticator.accepts({ ...credential, source: 'authorization' })).toBe(false);
  });

  it('TR-04 refuses a revoked certificate, also one that was revoked while the application looked', async () => {
    revokeIts(good);
    expect(await outcome(authenticatorOf(new Mapper({ id: 'x' })))).toBe('revoked');
    revoked.replace(new Set());
    const late = new Mapper(Promise.resolve({ id: 'x' }));
    late.onAsked = () => revokeIts(good);
    expect(await outcome(authenticatorOf(late))).toBe('revoked');
  });

  it('TR-04 refuses a resumed session where a list may name an authority that it does not show', async () => {
    const single = { isResumed: true } as const;
    expect(await outcome(authenticatorOf(new Mapper({ id: 'x' })), single)).toMatchObject({ id: 'x' });
    revoked.replace(new Set(['99 CN=Nobody']));
    expect(await outcome(authenticatorOf(new Mapper({ id: 'x' })), single)).toBe('bad-certificate');
    expect(await outcome(authenticatorOf(new Mapper({ id: 'x' })), { isResumed: false })).toMatchObject({ id: 'x' });
  });

  it.each<[string, number | undefined, number]>([
    ['nothing is said', undefined, UNTIL],
    ['the mapper says earlier', UNTIL - 1, UNTIL - 1],
    ['the mapper says later', UNTIL + 1, UNTIL],
    ['the mapper says what is no date', NaN, NaN],
  ])('SL-01 ends with the certificate where %s', async (_, expiresAt, ends) => {
    expect(await outcome(authenticatorOf(new Mapper({ id: 'x', expiresAt })))).toMatchObject({ expiresAt: ends });
  });

  it('TR-04 AN-14 lets no answer of the mapper replace the certificate, the kind or the key', async () => {
    const mapper = new Mapper({ id: 'x', kind: 'jwt', keyId: 'k', claims: { certificate: 'mine' } });
    const found = await outcome(authenticatorOf(mapper));
    expect(found).toMatchObject({ kind: 'client-certificate', keyId: plainFingerprint(good.fingerprint256) });
    expect(found).toMatchObject({ claims: { certificate: { subject: 'CN=client' } } });
  });

  it('HS-18 takes the CSRF token of a fingerprint, for browsers alone', () => {
    const browsers = authenticatorOf(undefined, {}, 'browsers');
    expect([browsers.needsPage, authenticatorOf(undefined).needsPage]).toEqual([true, false]);
    const of = (keyId?: string) =>
      createPrincipal({ kind: 'x', issuer: 'x', id: 'x', authenticatedAt: 0, ...(keyId !== undefined && { keyId }) });
    const token = new WsCsrfTokens(csrfKeys).issue('f'.repeat(64));
    expect(browsers.isCsrfTokenOf(token, of('f'.repeat(64)))).toBe(true);
    expect(browsers.isCsrfTokenOf(token, of('e'.repeat(64)))).toBe(false);
    expect(browsers.isCsrfTokenOf(token, of())).toBe(false);
  });
});
