import { X509Certificate } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import type { PresentedCertificate } from '../authentication/client-certificate/client-certificate.authenticator.js';
import type { CertificateFields } from './client-address.js';
import type { HandshakeContext } from './handshake-context.js';

/** What a proxy writes for a certificate that it has verified: `$ssl_client_verify` of nginx. */
const VERIFIED = 'SUCCESS';

/** One and nothing else: of two, OpenSSL would read the first. */
const PEM = /^-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*$/;

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * Finds the certificate of the client: on the socket where the client itself connects, and only in the fields of the proxy
 * behind one. There the certificate on the socket is the proxy's own, and everything else is a stranger's word (TR-04).
 *
 * @returns `undefined` where there is none; `'malformed'` where a proxy wrote what is not a certificate.
 */
export function presentedCertificate({
  input: { request, socket },
  isBehindProxy,
  certificateFields: fields,
}: HandshakeContext): PresentedCertificate | 'malformed' | undefined {
  if (isBehindProxy) return fields === undefined ? undefined : forwardedCertificate(request.headers, fields);
  if (!(socket instanceof TLSSocket)) return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  return { certificate, isVerified: socket.authorized, isResumed: socket.isSessionReused() };
}

function forwardedCertificate(
  headers: NodeJS.Dict<string | string[]>,
  fields: CertificateFields,
): PresentedCertificate | 'malformed' | undefined {
  // Node joins the repetitions of a field with a comma, which neither form of a certificate has, nor the word.
  const text = headers[fields.certificate];
  if (text === undefined || text === '') return undefined;
  try {
    const certificate = typeof text === 'string' ? decode(text) : undefined;
    if (certificate === undefined) return 'malformed';
    return { certificate, isVerified: headers[fields.verified] === VERIFIED };
  } catch {
    return 'malformed';
  }
}

/** PEM with percent-encoding (`$ssl_client_escaped_cert` of nginx), or DER in base64 (`ssl_c_der,base64` of HAProxy). */
function decode(text: string): X509Certificate | undefined {
  if (BASE64.test(text)) return new X509Certificate(Buffer.from(text, 'base64'));
  const pem = decodeURIComponent(text);
  return PEM.test(pem) ? new X509Certificate(pem) : undefined;
}
