import type { Principal } from '../../core/principal.js';
import type { ProvedCertificate } from '../../core/proved-certificate.js';
import { type ClientCertificate, CLIENT_CERTIFICATE_KIND, issuerIn, MAX_CHAIN } from './client-certificate.js';

/** The names of the certificates that authorities have, by whose they are: see `certificateName()`. */
export type KnownAuthorities = ReadonlyMap<string, readonly string[]>;

/** A connection, as far as it may stand on a certificate. */
export interface CertifiedConnection {
  readonly principal: Principal;
  /** What its token was bound to. */
  readonly certificate: ProvedCertificate | undefined;
}

/** The certificates that the loaded revocation lists name, of clients and of their authorities. */
export class RevokedCertificates {
  #names: ReadonlySet<string> = new Set();
  #authorities: KnownAuthorities = new Map();

  /** @param authorities what is known of those that a client does not show. */
  replace(names: ReadonlySet<string>, authorities: KnownAuthorities = new Map()): void {
    this.#names = names;
    this.#authorities = authorities;
  }

  /** Whether a certificate, or an authority that it was verified by, is revoked. */
  has({ chain }: Pick<ClientCertificate, 'chain'>): boolean {
    if (this.#names.size === 0) return false;
    return chain.some((name) => this.#names.has(name)) || this.#above(chain) === 'revoked';
  }

  /** Whether an authority may be revoked, and nobody knows: what was shown of the chain ends before what is known begins. */
  mayHave({ chain }: Pick<ClientCertificate, 'chain'>): boolean {
    return this.#names.size > 0 && this.#above(chain) === 'unknown';
  }

  /** Whether a token that is bound to a certificate must be refused for it. */
  refuses(certificate: ProvedCertificate): boolean {
    return this.has(certificate) || (certificate.isCutShort && this.mayHave(certificate));
  }

  /** Whether a connection stands on a revoked certificate: its identity is one, or its token is bound to it. */
  hasThatOf({ principal: { kind, claims }, certificate }: CertifiedConnection): boolean {
    if (certificate !== undefined && this.refuses(certificate)) return true;
    if (kind !== CLIENT_CERTIFICATE_KIND) return false;
    // Their authenticator puts it there, in place of a claim of the application's that has the same name. An authenticator of
    // the application may call its principals the same.
    const own = claims['certificate'] as Partial<ClientCertificate> | undefined;
    return Array.isArray(own?.chain) && this.has({ chain: own.chain });
  }

  /** Follows a chain from where it was shown to an authority that signs itself. */
  #above(chain: readonly string[]): 'good' | 'revoked' | 'unknown' {
    let issuer = issuerIn(chain.at(-1) ?? '');
    for (let steps = 0; steps < MAX_CHAIN; steps += 1) {
      const names = this.#authorities.get(issuer) ?? [];
      if (names.some((name) => this.#names.has(name))) return 'revoked';
      const [above = ''] = names.map(issuerIn);
      if (above === '') return 'unknown';
      if (above === issuer) return 'good';
      issuer = above;
    }
    return 'unknown';
  }
}
