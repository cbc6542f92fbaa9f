import type { Awaitable } from '../../core/awaitable.js';
import type { PrincipalInput } from '../../core/principal.js';
import type { ClientCertificate } from './client-certificate.js';

/** Whose a certificate is. The connection ends with the certificate, or earlier where `expiresAt` says so. */
export interface ClientCertificateIdentity extends Omit<PrincipalInput, 'kind' | 'issuer' | 'keyId'> {
  /**
   * Who vouches for the identity. Set it to the issuer of your tokens where clients with either are the same.
   *
   * @default 'client-certificate'
   */
  readonly issuer?: string;
}

/**
 * Says whose a client certificate is, by its subject. The application implements it.
 *
 * @example
 * ```ts
 * @Injectable()
 * export class Devices extends WsClientCertificateMapper {
 *   identify({ subject, uris }: ClientCertificate) {
 *     return uris.length === 1 && uris[0]?.startsWith('spiffe://example.com/') ? { id: uris[0] } : undefined;
 *   }
 * }
 * ```
 */
export abstract class WsClientCertificateMapper {
  /**
   * Answers the identity of a certificate whose chain, usage and validity have been checked, and that is not revoked.
   * Compare whole values: a part of a name may be another one's.
   *
   * @returns `undefined` for every certificate that stands for nobody. A throw refuses as unavailable.
   */
  abstract identify(certificate: ClientCertificate): Awaitable<ClientCertificateIdentity | undefined>;
}
