import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import type { TlsOptions } from 'node:tls';

/**
 * Makes the HTTP server of a gateway that has a port of its own, with the TLS key of the application's server where it has
 * one. It does not listen yet: nothing is accepted before the application is ready.
 */
export function createOwnPortServer(applicationServer: object): Server {
  return applicationServer instanceof TlsServer
    ? createTlsServer(tlsOptionsOf(applicationServer), answerPlainRequest)
    : createServer(answerPlainRequest);
}

/** RFC 9110 section 15.5.22: the only thing that this port speaks is WebSocket. */
const answerPlainRequest: RequestListener = (_request, response) => {
  response.writeHead(426, { Connection: 'close, upgrade', Upgrade: 'websocket', 'Content-Length': 0 });
  response.end();
};

/** `tls.Server` keeps what it was made with as properties of the same names. */
function tlsOptionsOf(server: object): TlsOptions {
  const source = server as Record<string, unknown>;
  const names = ['pfx', 'key', 'passphrase', 'cert', 'ca', 'crl', 'ciphers', 'minVersion', 'maxVersion', 'requestCert'];
  return Object.fromEntries(
    names.filter((name) => source[name] !== undefined && source[name] !== null).map((name) => [name, source[name]]),
  );
}
