import { Server } from 'node:net';
import type { Server as HttpServer } from 'node:http';

/**
 * The servers on which the gateways are reached, beside the one of `app.listen()`. Injectable, for an application that
 * calls `app.init()` and listens by itself, on several ports or over HTTP and HTTPS: a handshake on a server that nobody
 * has named here is answered by the application's routes, with 404.
 *
 * @example
 * ```ts
 * const express = createExpress();
 * const app = await NestFactory.create(AppModule, new ExpressAdapter(express));
 * await app.init();
 * const server = https.createServer(options, express);
 * app.get(WsHttpServers).attach(server);
 * server.listen(443);
 * ```
 */
export class WsHttpServers {
  /** @internal */
  constructor(private readonly serve: (server: HttpServer) => void) {}

  /**
   * Serves the gateways that have no port of their own on one more server, with the same checks and limits. The server
   * stays yours: when the application closes, its WebSocket connections are ended, and you close it.
   *
   * @param server of `node:http` or `node:https`; twice is as good as once.
   * @throws TypeError for anything else, and with `adapter: false`.
   * @throws {SecureWsBootError} where another listener for upgrades is on the server, and `handshake.foreignPaths` names
   * no path for it.
   */
  attach(server: HttpServer): void {
    if (!(server instanceof Server)) {
      throw new TypeError('WsHttpServers.attach() takes a server of node:http or node:https.');
    }
    this.serve(server);
  }
}
