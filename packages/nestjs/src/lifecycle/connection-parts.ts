import type { Principal } from '../core/principal.js';
import type { ProvedCertificate } from '../core/proved-certificate.js';
import type { WireFormat } from '../core/wire-format.js';

/** What runs for a connection. */
export interface ConnectionWork {
  /** Takes no further message, and calls back once nothing runs any more. */
  finish(done: () => void): void;
  /** Ends and forgets everything: the connection is gone. */
  dispose(): void;
  /** How many bytes of messages wait for their turn. */
  readonly queuedBytes: number;
}

/** What the handshake found out about a connection. */
export interface ConnectionIdentity {
  readonly id: string;
  readonly principal: Principal;
  readonly path: string;
  readonly address: string;
  readonly origin: string | undefined;
  readonly wire: WireFormat;
  /** The SHA-256 fingerprint of the certificate that this server showed in the TLS handshake. */
  readonly serverCertificate?: () => string | undefined;
  /** What its token is bound to; absent where it is bound to none. */
  readonly certificate?: ProvedCertificate | undefined;
}
