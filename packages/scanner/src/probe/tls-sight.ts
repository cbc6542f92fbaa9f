import { once } from 'node:events';
import { isIP } from 'node:net';
import { connect, type PeerCertificate, type SecureVersion } from 'node:tls';
import type { ScanTarget } from '../scope/scan-target.js';
import type { ProbePatience } from './raw-connection.js';

/** What a TLS handshake shows. */
export interface TlsSight {
  /** `TLSv1.3` */
  readonly version: string;
  readonly certificate: PeerCertificate;
  /** Why nobody would trust it, as OpenSSL calls it: `DEPTH_ZERO_SELF_SIGNED_CERT`. `undefined` where it is trusted. */
  readonly distrust: string | undefined;
}

/**
 * Makes a TLS handshake with whoever answers, trusted or not, and sends nothing on it: it carries no credential.
 *
 * @param version the only one that is offered; without it all that Node has by default.
 * @throws Error with the code of OpenSSL or of the network where there is no handshake.
 */
export async function lookAtTls(
  { hostname, port, trusted }: ScanTarget,
  { answerMs, budget }: ProbePatience,
  version?: SecureVersion,
): Promise<TlsSight> {
  const socket = connect({
    host: hostname,
    port,
    ...(isIP(hostname) === 0 && { servername: hostname }),
    ...(trusted !== undefined && { ca: [...trusted.ca] }),
    // The name is compared by the check: here it would hide what else is wrong.
    checkServerIdentity: () => undefined,
    rejectUnauthorized: false,
    // OpenSSL has no cipher of the old versions at its usual level.
    ...(version !== undefined && { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' }),
  });
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.any([budget.signal, AbortSignal.timeout(answerMs)]) });
    const distrust = socket.authorized ? undefined : String(socket.authorizationError);
    return { version: socket.getProtocol() ?? 'TLS', certificate: socket.getPeerCertificate(), distrust };
  } finally {
    socket.on('error', () => undefined).destroy();
  }
}
