import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Awaitable, isPromiseLike } from '../../core/awaitable.js';
import type { Clock } from '../../core/clock.js';
import { OWN_ISSUERS } from '../../core/person.js';
import type { Principal, PrincipalInput } from '../../core/principal.js';
import { AmbientAuthenticator } from '../ambient.authenticator.js';
import { AuthenticationError, type WsCredential } from '../authenticator.js';
import { WsCsrfTokens } from '../csrf-tokens.js';
import {
  type ClientCertificate,
  CLIENT_CERTIFICATE_KIND as KIND,
  plainFingerprint,
  readClientCertificate,
} from './client-certificate.js';
import type { ResolvedClientCertificateOptions } from './client-certificate.options.js';
import type { RevokedCertificates } from './revoked-certificates.js';
import type { ClientCertificateIdentity, WsClientCertificateMapper } from './ws-client-certificate-mapper.js';

/** A certificate as the handshake found it. */
export interface PresentedCertificate {
  readonly certificate: X509Certificate;
  /** Whether TLS, here or at a listed proxy, has verified its chain. */
  readonly isVerified: boolean;
  /** Whether its TLS session is one from before, in which neither its chain is kept nor checked again. */
  readonly isResumed?: boolean;
}

/** What {@link ClientCertificateAuthenticator} needs beside its options. */
export interface ClientCertificateParts {
  readonly mapper: WsClientCertificateMapper | undefined;
  readonly revoked: RevokedCertificates;
  readonly clock: Clock;
}

/**
 * Takes a client certificate as an identity, once TLS has verified its chain and the client has proved that it has the key
 * (TR-04, OWASP ASVS 5.0 12.1.3).
 */
export class ClientCertificateAuthenticator extends AmbientAuthenticator {
  override readonly kind = KIND;
  override readonly ownIssuer = OWN_ISSUERS.clientCertificate;

  readonly #tokens: WsCsrfTokens;
  /** Nothing that a client writes: what the handshake found on the socket, or in the field of a listed proxy. */
  readonly #presented = new WeakMap<IncomingMessage, PresentedCertificate>();

  constructor(
    private readonly options: ResolvedClientCertificateOptions,
    private readonly parts: ClientCertificateParts,
  ) {
    super();
    this.#tokens = new WsCsrfTokens(options.csrfKeys);
  }

  /** Whether browsers hold the certificates, so that their pages have to prove themselves as well. */
  override get needsPage(): boolean {
    return this.options.clients === 'browsers';
  }

  /** The credential that stands for a certificate. */
  credentialOf(presented: PresentedCertificate, request: IncomingMessage): WsCredential {
    this.#presented.set(request, presented);
    return { scheme: KIND, value: plainFingerprint(presented.certificate.fingerprint256), source: KIND };
  }

  override accepts({ source }: WsCredential): boolean {
    return source === KIND;
  }

  override authenticate(_: WsCredential, request: IncomingMessage): Awaitable<PrincipalInput> {
    const presented = this.#presented.get(request);
    if (presented === undefined) throw new AuthenticationError('missing');
    if (!presented.isVerified) throw new AuthenticationError('bad-certificate');
    const certificate = readClientCertificate(presented.certificate, this.parts.clock.now());
    if (typeof certificate === 'string') throw new AuthenticationError(certificate);
    const judge = (found: ClientCertificateIdentity | null | undefined): PrincipalInput => {
      // A list may name an authority of the chain, which only a full handshake shows.
      const isUnknown = presented.isResumed === true && this.parts.revoked.mayHave(certificate);
      if (isUnknown) throw new AuthenticationError('bad-certificate');
      return this.#principalOf(certificate, found);
    };
    const identity = this.#identify(certificate);
    return isPromiseLike(identity) ? Promise.resolve(identity).then(judge) : judge(identity);
  }

  override isCsrfTokenOf(token: string, { keyId = '' }: Principal): boolean {
    return this.#tokens.isValid(token, keyId);
  }

  #identify(certificate: ClientCertificate): Awaitable<ClientCertificateIdentity | undefined> {
    return this.options.fingerprints.get(certificate.fingerprint) ?? this.parts.mapper?.identify(certificate);
  }

  #principalOf(certificate: ClientCertificate, identity: ClientCertificateIdentity | null | undefined): PrincipalInput {
    if (identity === undefined || identity === null) throw new AuthenticationError('bad-subject');
    // Last: a list may have been loaded while the application looked.
    if (this.parts.revoked.has(certificate)) throw new AuthenticationError('revoked');
    const { issuer = this.ownIssuer, expiresAt, claims } = identity;
    const { notAfter, fingerprint: keyId } = certificate;
    // Not a number goes on as it is: makePrincipal() refuses it, where Math.min() would hide it.
    const ends = expiresAt === undefined || expiresAt > notAfter ? notAfter : expiresAt;
    return { ...identity, kind: KIND, issuer, keyId, expiresAt: ends, claims: { ...claims, certificate } };
  }
}
