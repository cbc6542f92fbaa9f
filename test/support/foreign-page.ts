import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { loadCertificate } from '../../sample-app/src/certificate/self-signed-certificate.js';

/** A web site that is not the application's. */
export interface ForeignSite extends AsyncDisposable {
  readonly port: number;
}

/** Serves one empty page, whatever the path and the host name. */
export async function startForeignSite(): Promise<ForeignSite> {
  const server = createServer(await loadCertificate(undefined), (_request, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end('<!doctype html><title>Win a prize</title><p>Hello');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
