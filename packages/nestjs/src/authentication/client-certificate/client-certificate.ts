import { createHash, type X509Certificate } from 'node:crypto';
import type { ProvedCertificate } from '../../core/proved-certificate.js';
import type { AuthenticationFailure } from '../authentication-failures.js';

/** The `kind` of principals that a client certificate proves. */
export const CLIENT_CERTIFICATE_KIND = 'client-certificate';

/** A client certificate whose chain and usage were verified. */
export interface ClientCertificate {
  /** SHA-256 of the whole certificate: 64 lower-case hexadecimal digits. */
  readonly fingerprint: string;
  /**
   * The distinguished name, its attributes in the order of the certificate: `C=DE, O=Example, CN=gateway-7`. What has a
   * meaning in a name stands behind a backslash in a value (RFC 4514 section 2.4), so that no value passes for two attributes.
   */
  readonly subject: string;
  /** The name of the authority, in the same form. */
  readonly issuer: string;
  /** Lower-case hexadecimal digits without leading zeros; unique within its issuer. */
  readonly serialNumber: string;
  /** The URIs of the subject alternative name, such as `spiffe://example.com/gateway`. */
  readonly uris: readonly string[];
  /** The e-mail addresses of the subject alternative name. */
  readonly emails: readonly string[];
  /** In milliseconds since 1970. */
  readonly notAfter: number;
  /** Serial number and issuer of this certificate, then of its authorities as far as they are known. */
  readonly chain: readonly string[];
}

/** RFC 5280 section 4.2.1.12. A certificate without this usage was not made for clients, or for anything. */
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

/** As many as OpenSSL follows in a chain. */
export const MAX_CHAIN = 10;

/**
 * Checks what a certificate says of itself: that it is one of a client, and valid now.
 *
 * @param now milliseconds since 1970.
 * @returns the certificate, or why it is refused.
 */
export function readClientCertificate(
  certificate: X509Certificate,
  now: number,
): ClientCertificate | AuthenticationFailure {
  const notBefore = Date.parse(certificate.validFrom);
  const notAfter = Date.parse(certificate.validTo);
  // Node calls the extended key usage `keyUsage`. An authority that signs itself in as a client is no client.
  const usages: readonly string[] | undefined = certificate.keyUsage;
  if (certificate.ca || usages?.includes(CLIENT_AUTH) !== true) return 'bad-certificate';
  if (!(notBefore <= now)) return 'not-yet-valid';
  if (!(now < notAfter)) return 'expired';
  const names = alternativeNames(certificate.subjectAltName);
  if (names === undefined) return 'malformed';
  return Object.freeze({
    fingerprint: plainFingerprint(certificate.fingerprint256),
    subject: distinguishedName(certificate.subject),
    issuer: distinguishedName(certificate.issuer),
    serialNumber: plainSerial(certificate.serialNumber),
    uris: Object.freeze(names.filter(([type]) => type === 'URI').map(([, value]) => value)),
    emails: Object.freeze(names.filter(([type]) => type === 'email').map(([, value]) => value)),
    notAfter,
    chain: chainOf(certificate),
  });
}

/** Reads {@link ProvedCertificate}. @param isResumed whether its TLS session is one from before. */
export function readProvedCertificate(certificate: X509Certificate, isResumed: boolean): ProvedCertificate {
  return Object.freeze({
    thumbprint: certificateThumbprint(certificate),
    chain: chainOf(certificate),
    isCutShort: isResumed && certificate.issuer !== certificate.subject,
  });
}

/** The name of a certificate in a token that is bound to it. */
export function certificateThumbprint({ raw }: X509Certificate): string {
  return createHash('sha256').update(raw).digest('base64url');
}

/** What a revocation list names a certificate by: its issuer, and the number that it has there. */
export function certificateName(issuer: string, serialNumber: string): string {
  return `${plainSerial(serialNumber)} ${distinguishedName(issuer)}`;
}

/** The issuer in a {@link certificateName}. */
export const issuerIn = (name: string): string => name.slice(name.indexOf(' ') + 1);

/** `AB:CD:...` as Node writes it, in the form of {@link ClientCertificate.fingerprint}. */
export const plainFingerprint = (text: string): string => text.replaceAll(':', '').toLowerCase();

const plainSerial = (text: string): string => text.toLowerCase().replace(/^0+(?=.)/, '');

/** The form of {@link ClientCertificate.subject}: Node writes one attribute a line, with line breaks and commas in values behind a backslash. */
export const distinguishedName = (name: string | undefined): string => (name ?? '').replaceAll('\n', ', ');

function chainOf(leaf: X509Certificate): readonly string[] {
  const chain: string[] = [];
  let certificate: X509Certificate | undefined = leaf;
  while (certificate !== undefined && chain.length < MAX_CHAIN) {
    chain.push(certificateName(certificate.issuer, certificate.serialNumber));
    certificate = certificate.issuerCertificate;
  }
  return Object.freeze(chain);
}

/**
 * Node quotes a value that holds a comma, and writes the comma as an escape: no value passes for two (CVE-2021-44532).
 *
 * @returns `undefined` for what Node would not write.
 */
function alternativeNames(text: string | undefined): readonly (readonly [type: string, value: string])[] | undefined {
  if (text === undefined) return [];
  const names: [string, string][] = [];
  for (const entry of text.split(', ')) {
    const colon = entry.indexOf(':');
    const value = entry.slice(colon + 1);
    try {
      names.push([entry.slice(0, colon), value.startsWith('"') ? String(JSON.parse(value)) : value]);
    } catch {
      return undefined;
    }
  }
  return names;
}
