/** A certificate whose key a client has proved to hold, whoever signed it: what tokens are bound to, and what lists name. */
export interface ProvedCertificate {
  /** As in a token that is bound to it: `x5t#S256` of RFC 8705 section 3.1. */
  readonly thumbprint: string;
  /** Serial number and issuer of the certificate, then of its authorities as far as they are known. */
  readonly chain: readonly string[];
  /** Whether there may be more of its chain, which only a full TLS handshake shows. */
  readonly isCutShort: boolean;
}
