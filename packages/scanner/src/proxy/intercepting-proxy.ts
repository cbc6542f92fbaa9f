import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { HarField } from '../har/har-entry.js';
import type { ScanTarget } from '../scope/scan-target.js';
import { isAdmittedPage } from './admitted-page.js';
import type { TrafficDesk } from './desk/traffic-desk.js';
import { answeredFields, pairsOf } from './forwarded-fields.js';
import { type ConnectionParts, type ProxiedHandshake, ProxyConnection } from './proxy-connection.js';
import type { Recording } from './recording.js';
import { sendHandshake } from './target-handshake.js';
import { agreedExtensions, offeredExtensions } from './wire/deflate-terms.js';

const MAX_CONNECTIONS = 100;
/** Origins that are named where they are refused: a page may have any number of names. */
const MAX_TOLD = 10;
const MAX_ORIGIN = 200;

/** A proxy on this machine that passes WebSockets on to one target, has the desk decide on messages, and records them. */
export class InterceptingProxy {
  private readonly server: Server = createServer((_, response) => response.writeHead(426).end());
  private readonly handshakes = new Set<Duplex>();
  private readonly open = new Set<ProxyConnection>();
  private readonly told = new Set<string>();

  /** @param origins whose pages may connect, beside those of this machine. */
  constructor(
    private readonly target: ScanTarget,
    private readonly desk: TrafficDesk,
    private readonly recording: Recording,
    private readonly origins: readonly string[] = [],
  ) {
    this.server.on('upgrade', (request, socket, head) => this.accept(request, socket, head));
  }

  /** Listens on loopback. @param port 0 takes a free one. @returns the port. */
  async listen(port: number): Promise<number> {
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  /** Ends every connection: both sides are told with 1001. */
  async close(): Promise<void> {
    for (const socket of this.handshakes) socket.destroy();
    const ended = [...this.open].map((connection) => connection.end(1001));
    this.server.closeAllConnections();
    this.server.close();
    await Promise.all([once(this.server, 'close'), ...ended]);
  }

  private accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    // A name of a stranger that resolves to this machine is how a web page would get here (DNS rebinding).
    if (!/^(?:localhost|127\.0\.0\.1)(?::\d+)?$/i.test(request.headers.host ?? '')) return refuse(socket, 421);
    if (!isAdmittedPage(request.headers, this.origins))
      return this.turnAway(socket, request.headers.origin?.slice(0, MAX_ORIGIN) ?? 'none');
    if (request.method !== 'GET') return refuse(socket, 405);
    if (this.open.size + this.handshakes.size >= MAX_CONNECTIONS) return refuse(socket, 503);
    (socket as Socket).setNoDelay(true);
    if (head.length > 0) socket.unshift(head);
    this.handshakes.add(socket);
    socket.once('close', () => this.handshakes.delete(socket));
    this.connect(request, socket, this.desk.nextConnection());
  }

  private turnAway(socket: Duplex, origin: string): void {
    refuse(socket, 403);
    if (this.told.size >= MAX_TOLD || this.told.has(origin)) return;
    this.told.add(origin);
    this.desk.note(undefined, `a page of the Origin ${origin} was refused: --origin lets it in`);
  }

  private connect(request: IncomingMessage, client: Duplex, number: number): void {
    const startedAt = Date.now();
    const fields = pairsOf(request.rawHeaders);
    const give = (status: number, says: string, more: readonly HarField[] = []): void => {
      this.desk.note(number, says);
      refuse(client, status, more);
    };
    const handshakeOf = (response: IncomingMessage): ProxiedHandshake => ({
      url: this.target.url.href,
      startedAt,
      request: fields,
      status: response.statusCode ?? 0,
      response: pairsOf(response.rawHeaders),
    });
    const offers = request.headers['sec-websocket-extensions'];
    try {
      const sent = sendHandshake(this.target, fields, offeredExtensions(offers ?? ''), {
        onUpgrade: (response, server, head) => {
          if (client.destroyed) return server.destroy();
          const answer = response.headers['sec-websocket-extensions'];
          const extensions = answer === undefined ? undefined : agreedExtensions(answer);
          if (answer !== undefined && extensions === undefined) {
            server.destroy();
            return give(502, 'the server wants an extension that the proxy cannot read');
          }
          if (head.length > 0) server.unshift(head);
          this.handshakes.delete(client);
          this.begin(number, { client, server, extensions, handshake: handshakeOf(response) });
        },
        onRefused: (response) => {
          const { status, response: answered } = handshakeOf(response);
          this.recording.begin(handshakeOf(response));
          give(
            status,
            `refused by the server with ${status}`,
            answeredFields(answered).filter(({ name }) => !/^content-/i.test(name)),
          );
        },
        onError: () => {
          if (!client.writableEnded && this.handshakes.has(client)) give(502, 'the server does not answer');
        },
      });
      client.once('close', () => {
        if (this.handshakes.has(client)) sent.destroy();
      });
    } catch {
      give(400, 'the handshake cannot be passed on');
    }
  }

  private begin(number: number, parts: ConnectionParts): void {
    const connection = ProxyConnection.open({ number, desk: this.desk, recording: this.recording }, parts);
    this.open.add(connection);
    void connection.closed.then(() => this.open.delete(connection));
  }
}

function refuse(socket: Duplex, status: number, fields: readonly HarField[] = []): void {
  const lines = fields.map(({ name, value }) => `${name}: ${value}\r\n`).join('');
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}\r\n${lines}Connection: close\r\nContent-Length: 0\r\n\r\n`,
    'latin1',
  );
}
