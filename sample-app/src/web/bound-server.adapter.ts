import type { Server } from 'node:https';
import { ExpressAdapter } from '@nestjs/platform-express';

/**
 * Express on a server that already listens. The allowed origins contain the port, and with port 0 nobody knows it
 * before the server is bound; Nest's own adapter makes its server after the modules were configured.
 */
export class BoundServerAdapter extends ExpressAdapter {
  constructor(private readonly server: Server) {
    super();
  }

  override initHttpServer(): void {
    this.httpServer = this.server;
  }

  /** Answers requests from now on. */
  open(): void {
    this.server.removeAllListeners('request');
    this.server.on('request', this.getInstance());
  }
}
