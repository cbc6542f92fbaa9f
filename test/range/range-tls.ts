import type { RequestListener, Server, ServerOptions } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { createServer, type Server as TcpServer, type Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { CertificateAuthority, SERVER_AUTH } from '../support/certificate-authority.js';

/** What is wrong with the TLS of a server of the range. `tls` is in order. */
export const TLS_FLAWS = [
  'plaintext-beside-tls',
  'expired-certificate',
  'self-signed-certificate',
  'foreign-certificate',
  'old-tls',
  'no-strict-transport',
] as const;

/** The name of one. */
export type TlsFlaw = (typeof TLS_FLAWS)[number];

let authority: Promise<CertificateAuthority> | undefined;

/** Whose certificates the scans of the range trust. */
export function rangeAuthority(): Promise<CertificateAuthority> {
  authority ??= CertificateAuthority.create('CN=Range Authority');
  return authority;
}

const DAY_MS = 86_400_000;

/** A server that speaks TLS, and hands its requests and upgrades to one that does not listen by itself. */
export async function behindTls(
  http: Server,
  patience: ServerOptions,
  has: (flaw: TlsFlaw) => boolean,
): Promise<TcpServer> {
  const options = { ...(await tlsOptions(has)), ...patience };
  const answer: RequestListener = (request, response) => {
    if (!has('no-strict-transport')) response.setHeader('strict-transport-security', 'max-age=31536000');
    http.emit('request', request, response);
  };
  const https = createHttps(options, answer);
  https.on('upgrade', (request, socket, head) => http.emit('upgrade', request, socket, head));
  if (!has('plaintext-beside-tls')) return https;
  // Node begins to look for requests that do not end when a server listens.
  https.emit('listening');
  // The first byte of a TLS handshake is 22.
  return createServer((socket: Socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('readable', () => {
      const first = socket.read() as Buffer | null;
      if (first !== null) socket.unshift(first);
      (first?.[0] === 22 ? https : http).emit('connection', socket);
    });
  });
}

async function tlsOptions(has: (flaw: TlsFlaw) => boolean): Promise<SecureContextOptions> {
  const issuer = has('self-signed-certificate')
    ? await CertificateAuthority.create('CN=Somebody')
    : await rangeAuthority();
  const [notBefore, notAfter] = has('expired-certificate') ? [-60, -30] : [-1, 60];
  const { cert, key } = await issuer.issue({
    subject: 'CN=range',
    names: has('foreign-certificate')
      ? [{ type: 'dns', value: 'elsewhere.example' }]
      : [{ type: 'ip', value: '127.0.0.1' }],
    usages: [SERVER_AUTH],
    notBefore: Date.now() + notBefore * DAY_MS,
    notAfter: Date.now() + notAfter * DAY_MS,
  });
  return { cert, key, ...(has('old-tls') && { minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }) };
}
