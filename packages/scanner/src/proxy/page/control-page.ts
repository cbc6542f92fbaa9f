import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { TrafficDesk } from '../desk/traffic-desk.js';
import { readPageAssets } from './page-assets.js';
import { feedPage } from './page-feed.js';

/** Pages that look on at once. */
const MAX_PAGES = 8;
const MAX_COMMAND_BYTES = 4_194_304;

const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cache-Control': 'no-store',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  // The address is the key.
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
} as const;

/**
 * The page of the proxy, on loopback. Its address has a random token, without which there is nothing; neither a page of another
 * site nor a name of a stranger that resolves to this machine gets through with it.
 */
export class ControlPage {
  private readonly assets = readPageAssets();
  private readonly token = randomBytes(24).toString('base64url');
  private readonly server: Server = createServer((request, response) => this.serve(request, response));
  private readonly sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_COMMAND_BYTES,
    perMessageDeflate: false,
  });
  private port = 0;

  /** @param target as it is shown. */
  constructor(desk: TrafficDesk, target: string) {
    this.server.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head));
    this.sockets.on('connection', (socket: WebSocket) => feedPage(socket, desk, target));
    this.sockets.on('wsClientError', (_, socket) => socket.destroy());
  }

  /** Listens. @param port 0 takes a free one. @returns the address to open. */
  async listen(port: number): Promise<string> {
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
    ({ port: this.port } = this.server.address() as AddressInfo);
    return `http://127.0.0.1:${this.port}/${this.token}/`;
  }

  /** Ends it, with all that look on. */
  async close(): Promise<void> {
    for (const socket of this.sockets.clients) socket.terminate();
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    const asset =
      request.method === 'GET' && this.isOwn(request) ? this.assets.get(this.nameOf(request) ?? '?') : undefined;
    // A page of another site may show neither the page nor its files, and not even learn that they are there.
    if (asset === undefined)
      return void response.writeHead(404, { ...HEADERS, 'Content-Type': 'text/plain' }).end('Not found.');
    response.writeHead(200, { ...HEADERS, 'Content-Type': asset.type }).end(asset.content);
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const { origin } = request.headers;
    const isGood =
      this.isOwn(request) && this.nameOf(request) === 'socket' && origin === `http://${request.headers.host}`;
    if (!isGood || this.sockets.clients.size >= MAX_PAGES) {
      return void socket.end(
        `HTTP/1.1 ${isGood ? '503 Service Unavailable' : '404 Not Found'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      );
    }
    this.sockets.handleUpgrade(request, socket, head, (opened) => this.sockets.emit('connection', opened, request));
  }

  /** Whether it was asked for by the name of this machine, and by nobody else's page. */
  private isOwn({ headers }: IncomingMessage): boolean {
    const hosts = [`127.0.0.1:${this.port}`, `localhost:${this.port}`];
    const site = headers['sec-fetch-site'];
    return hosts.includes(headers.host ?? '') && (site === undefined || site === 'none' || site === 'same-origin');
  }

  /** What stands behind the token; `undefined` without the right one. */
  private nameOf({ url = '' }: IncomingMessage): string | undefined {
    const [, token = '', name] = /^\/([^/?]*)\/([^?]*)$/.exec(url) ?? [];
    const [given, own] = [token, this.token].map((one) => createHash('sha256').update(one).digest());
    return given !== undefined && own !== undefined && timingSafeEqual(given, own) ? name : undefined;
  }
}
