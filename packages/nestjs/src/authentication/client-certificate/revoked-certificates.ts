import type { Principal } from '../../core/principal.js';
import { type ClientCertificate, CLIENT_CERTIFICATE_KIND } from './client-certificate.js';

/** The certificates that the loaded revocation lists name, of clients and of their authorities. */
export class RevokedCertificates {
  #names: ReadonlySet<string> = new Set();

  /** @param names see `certificateName()`. */
  replace(names: ReadonlySet<string>): void {
    this.#names = names;
  }

  /** Whether a certificate, or an authority that it was verified by, is revoked. */
  has({ chain }: Pick<ClientCertificate, 'chain'>): boolean {
    return this.#names.size > 0 && chain.some((name) => this.#names.has(name));
  }

  /** The same for a principal; `false` for one without a certificate. */
  hasThatOf({ kind, claims }: Principal): boolean {
    // Their authenticator puts it there, in place of a claim of the application's that has the same name.
    return kind === CLIENT_CERTIFICATE_KIND && this.has(claims['certificate'] as ClientCertificate);
  }
}
