import type { KeyObject } from 'node:crypto';
import type { ClassOrInstance, OptionReader } from '../../core/option-reader.js';
import { readCsrfKeys, type SessionCsrfOptions } from '../session/session.options.js';
import { plainFingerprint } from './client-certificate.js';
import { type ClientCertificateIdentity, WsClientCertificateMapper } from './ws-client-certificate-mapper.js';

/**
 * `authentication.clientCertificate`: TLS client certificates as credentials (mTLS). At least one of `fingerprints` and
 * `mapper`; a certificate of both belongs to whom `fingerprints` says.
 */
export interface ClientCertificateOptions {
  /**
   * Who holds the certificates. `'programs'`: they count only in handshakes without an `Origin`, which no browser sends.
   * `'browsers'`: a browser adds them for any page, so they count only with an allowed `Origin` and a CSRF token that is
   * bound to the fingerprint.
   */
  readonly clients: 'programs' | 'browsers';
  /** Identities by the SHA-256 fingerprint of the certificate, as 64 hexadecimal digits with or without colons. */
  readonly fingerprints?: Readonly<Record<string, ClientCertificateIdentity>>;
  /** Says whose a certificate is, by its subject. */
  readonly mapper?: ClassOrInstance<WsClientCertificateMapper>;
  /** For `clients: 'browsers'`, unless `authentication.session.csrf` is there, whose secret then makes these tokens too. */
  readonly csrf?: SessionCsrfOptions;
}

/** {@link ClientCertificateOptions}, checked and frozen. */
export interface ResolvedClientCertificateOptions {
  readonly clients: 'programs' | 'browsers';
  readonly fingerprints: ReadonlyMap<string, ClientCertificateIdentity>;
  readonly mapper: ClassOrInstance<WsClientCertificateMapper> | undefined;
  /** None for programs. */
  readonly csrfKeys: readonly KeyObject[];
}

const EXAMPLE = "{ clients: 'programs', mapper: Devices }";

const BROWSERS = "{ clients: 'browsers', mapper: Devices, csrf: { secret: process.env.CSRF_SECRET } }";

const FINGERPRINT = /^[0-9a-f]{64}$/;

/**
 * Checks `authentication.clientCertificate`. Problems go to the reader; nothing is thrown.
 *
 * @param sessionKeys those of `authentication.session.csrf`.
 */
export function resolveClientCertificateOptions(
  reader: OptionReader,
  sessionKeys: readonly KeyObject[] | undefined,
): ResolvedClientCertificateOptions {
  if (!reader.has('clients')) {
    const problem = 'is undecided: a browser adds a certificate for any page that asks, a program does not.';
    reader.fail('clients', problem, `${reader.path}: ${EXAMPLE}`);
  }
  const clients = reader.oneOf('clients', ['programs', 'browsers'], 'programs');
  const fingerprints = readFingerprints(reader);
  const mapper = reader.classOrInstance('mapper', WsClientCertificateMapper, 'Devices');
  const csrfKeys = readKeys(reader, clients, sessionKeys);
  reader.finish();
  if (!reader.has('fingerprints') && !reader.has('mapper')) {
    reader.problems.add(
      reader.path,
      'knows nobody: it has neither fingerprints nor a mapper.',
      `${reader.path}: ${EXAMPLE}`,
    );
  }
  return Object.freeze({ clients, fingerprints, mapper, csrfKeys });
}

function readKeys(
  reader: OptionReader,
  clients: ResolvedClientCertificateOptions['clients'],
  sessionKeys: readonly KeyObject[] | undefined,
): readonly KeyObject[] {
  const isPointless = clients === 'programs' || sessionKeys !== undefined;
  const own = reader.has('csrf') || !isPointless ? readCsrfKeys(reader, BROWSERS) : undefined;
  if (own !== undefined && isPointless) {
    const why =
      clients === 'programs' ? 'programs have no page' : 'that of authentication.session makes these tokens too';
    reader.fail('csrf', `decides nothing: ${why}.`, `remove ${reader.pathOf('csrf')}`);
  }
  return clients === 'programs' ? [] : (sessionKeys ?? own ?? []);
}

function readFingerprints(reader: OptionReader): ReadonlyMap<string, ClientCertificateIdentity> {
  const value = reader.raw('fingerprints');
  const known = new Map<string, ClientCertificateIdentity>();
  if (value === undefined) return known;
  const fix = `${reader.pathOf('fingerprints')}: { 'AB:CD:...': { id: 'gateway-7' } }`;
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Object.keys(value).length === 0) {
    reader.fail('fingerprints', 'must be an object with an identity for each SHA-256 fingerprint.', fix);
    return known;
  }
  for (const [text, identity] of Object.entries(value as Record<string, unknown>)) {
    const fingerprint = plainFingerprint(text);
    const problem = !FINGERPRINT.test(fingerprint)
      ? 'has a key that is not a SHA-256 fingerprint of 64 hexadecimal digits.'
      : known.has(fingerprint)
        ? 'has one fingerprint twice.'
        : typeof identity !== 'object' || identity === null
          ? 'has a fingerprint without an identity.'
          : undefined;
    if (problem === undefined) known.set(fingerprint, identity as ClientCertificateIdentity);
    else reader.fail('fingerprints', problem, fix);
  }
  return known;
}
