import { X509Certificate } from 'node:crypto';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { CertificateAuthority } from '../../../../test/support/certificate-authority.js';
import type { CertificateFields } from './client-address.js';
import { HandshakeContext } from './handshake-context.js';
import { presentedCertificate } from './presented-certificate.js';
import { readRequestHead } from './request-head.js';

const FIELDS: CertificateFields = { certificate: 'x-client-cert', verified: 'x-client-verify' };
let pem: string;
let certificate: X509Certificate;

beforeAll(async () => {
  const authority = await CertificateAuthority.create();
  certificate = new X509Certificate((await authority.issue({ subject: 'CN=alice' })).cert);
  pem = certificate.toString();
});

interface Shape {
  readonly socket?: Socket;
  readonly headers?: IncomingMessage['headers'];
  readonly isBehindProxy?: boolean;
  readonly fields?: CertificateFields | undefined;
}

function present({ socket = new Socket(), headers = {}, isBehindProxy = false, fields }: Shape) {
  const request = new IncomingMessage(socket);
  request.headers = headers;
  const observer = {
    onLimit: () => undefined,
    onForwardingIgnored: () => undefined,
    onCertificateIgnored: () => undefined,
  };
  const context = new HandshakeContext(
    { request, socket, endpointAt: () => undefined, observer },
    readRequestHead(request),
  );
  return presentedCertificate(Object.assign(context, { isBehindProxy, certificateFields: fields }));
}

const behindProxy = (headers: Shape['headers'] = {}) => present({ headers, isBehindProxy: true, fields: FIELDS });

/** A TLS socket as it is after its handshake. */
function tlsSocket(shown: X509Certificate | undefined, authorized = true, isResumed = false): TLSSocket {
  const socket = new TLSSocket(new Socket());
  return Object.assign(socket, {
    authorized,
    getPeerX509Certificate: () => shown,
    isSessionReused: () => isResumed,
  });
}

describe('the certificate on a socket', () => {
  it('TR-04 is none over plaintext, and where the client shows none', () => {
    expect(present({})).toBeUndefined();
    expect(present({ socket: tlsSocket(undefined) })).toBeUndefined();
  });

  it.each([
    [true, false],
    [true, true],
    [false, false],
    [false, true],
  ])('TR-04 is told with whether it is verified: %s, and resumed: %s', (isVerified, isResumed) => {
    const socket = tlsSocket(certificate, isVerified, isResumed);
    expect(present({ socket })).toEqual({ certificate, isVerified, isResumed });
  });

  it('TR-04 is that of the proxy behind one, and not looked at', () => {
    const socket = tlsSocket(certificate);
    expect(present({ socket, isBehindProxy: true })).toBeUndefined();
    expect(present({ socket, isBehindProxy: true, fields: FIELDS })).toBeUndefined();
  });

  it('TR-04 HS-14 is read where no proxy is, whatever stands in the fields', () => {
    const headers = { 'x-client-cert': encodeURIComponent(pem), 'x-client-verify': 'SUCCESS' };
    expect(present({ headers, fields: FIELDS })).toBeUndefined();
    expect(present({ headers, socket: tlsSocket(certificate, false), fields: FIELDS })).toMatchObject({
      isVerified: false,
    });
  });
});

describe('the certificate in the fields of a proxy', () => {
  it('TR-04 is none where no field is named, where it is missing and where it is empty', () => {
    const headers = { 'x-client-cert': encodeURIComponent(pem), 'x-client-verify': 'SUCCESS' };
    expect(present({ headers, isBehindProxy: true })).toBeUndefined();
    expect(behindProxy({ 'x-client-verify': 'SUCCESS' })).toBeUndefined();
    expect(behindProxy({ 'x-client-cert': '', 'x-client-verify': 'SUCCESS' })).toBeUndefined();
  });

  it.each<readonly [form: string, of: () => string]>([
    ['PEM with percent-encoding', () => encodeURIComponent(pem)],
    ['PEM without a line break at its end', () => encodeURIComponent(pem.trimEnd())],
    ['DER in base64', () => certificate.raw.toString('base64')],
  ])('TR-04 is read as %s', (_, of) => {
    const presented = behindProxy({ 'x-client-cert': of(), 'x-client-verify': 'SUCCESS' });
    if (typeof presented !== 'object') throw new Error('There is none.');
    expect(presented.certificate.fingerprint256).toBe(certificate.fingerprint256);
    expect(presented.isVerified).toBe(true);
    // Nothing is known of the TLS session in front of the proxy.
    expect(presented.isResumed).toBeUndefined();
  });

  it.each([undefined, '', 'NONE', 'FAILED:expired', 'success', 'SUCCESS, SUCCESS', ['SUCCESS']])(
    'TR-04 is verified where the proxy says so, and not where it says %j',
    (said) => {
      const presented = behindProxy({ 'x-client-cert': encodeURIComponent(pem), 'x-client-verify': said });
      expect(presented).toMatchObject({ isVerified: false });
    },
  );

  it.each<readonly [what: string, of: () => string | string[]]>([
    ['a word', () => 'certificate'],
    ['base64 of something else', () => Buffer.from('something else').toString('base64')],
    ['base64 with more padding', () => `${certificate.raw.toString('base64').replace(/=+$/, '')}===`],
    ['an escape that is none', () => `${encodeURIComponent(pem)}%`],
    ['PEM of something else', () => encodeURIComponent('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----')],
    ['a key', () => encodeURIComponent(pem.replaceAll('CERTIFICATE', 'PRIVATE KEY'))],
    ['two certificates', () => encodeURIComponent(pem + pem)],
    ['a certificate behind a word', () => encodeURIComponent(`x${pem}`)],
    ['a certificate in front of a word', () => encodeURIComponent(`${pem}x`)],
    ['two fields', () => `${encodeURIComponent(pem)}, ${encodeURIComponent(pem)}`],
    ['two fields of base64', () => `${certificate.raw.toString('base64')}, ${certificate.raw.toString('base64')}`],
    ['a list', () => [encodeURIComponent(pem)]],
  ])('TR-04 is malformed where it is %s', (_, of) => {
    expect(behindProxy({ 'x-client-cert': of(), 'x-client-verify': 'SUCCESS' })).toBe('malformed');
  });
});
