import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type SecureContextOptions, Server as TlsServer, type TlsOptions } from 'node:tls';

const TLS_HANDSHAKE_TIMEOUT_MS = 10_000;

/** Whether an application's server speaks TLS, over HTTP/1.1 or HTTP/2. */
export function speaksTls(applicationServer: object): applicationServer is TlsServer {
  return applicationServer instanceof TlsServer;
}

/**
 * Makes the HTTP server of a gateway that has a port of its own: with the TLS of the application's server where it has
 * any, over HTTP/2 too. It does not listen yet: nothing is accepted before the application is ready.
 */
export function createOwnPortServer(applicationServer: object): Server {
  if (!speaksTls(applicationServer)) return createServer(answerPlainRequest);
  const options: TlsOptions = { handshakeTimeout: TLS_HANDSHAKE_TIMEOUT_MS };
  const sniCallback = Object.getOwnPropertySymbols(applicationServer).find(
    ({ description }) => description === 'snicallback',
  );
  const chosenByName: unknown = sniCallback === undefined ? undefined : Reflect.get(applicationServer, sniCallback);
  if (typeof chosenByName === 'function') options.SNICallback = chosenByName as NonNullable<TlsOptions['SNICallback']>;
  const server = createTlsServer(options, answerPlainRequest);
  for (const name of SHARED) shareProperty(server, applicationServer, name);
  return server;
}

/** RFC 9110 section 15.5.22: the only thing that this port speaks is WebSocket. */
const answerPlainRequest: RequestListener = (_request, response) => {
  response.writeHead(426, { Connection: 'close, upgrade', Upgrade: 'websocket', 'Content-Length': 0 });
  response.end();
};

/**
 * What `tls.Server` looks at for each connection. The secure context itself, rather than a copy of the options that it was
 * made with: a copy forgets some (`secureProtocol`, `secureOptions`), and goes on with a certificate that was renewed.
 */
const SHARED = ['_sharedCreds', '_contexts', 'requestCert', 'rejectUnauthorized'] as const;

/** @throws Error where Node keeps it elsewhere: the port would have another TLS than the application, or none. */
function shareProperty(server: object, source: object, name: (typeof SHARED)[number]): void {
  const shared: SecureContextOptions | undefined = Reflect.get(source, name) as SecureContextOptions | undefined;
  if (shared === undefined) throw new Error(`A gateway's own port finds no ${name} in the TLS of the application.`);
  Object.defineProperty(server, name, { get: () => Reflect.get(source, name) as unknown });
}
