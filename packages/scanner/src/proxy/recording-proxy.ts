import { once } from 'node:events';
import { createServer, STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { HarMessage } from '../har/har-entry.js';
import { EntryRedactor } from '../har/redact-entry.js';
import type { ScanTarget } from '../scope/scan-target.js';
import { forwardedFields, pairsOf } from './forwarded-fields.js';
import type { Recording } from './recording.js';
import { relayMessages } from './relay-messages.js';

const MAX_CONNECTIONS = 100;
const MAX_PAYLOAD = 16_777_216;
const HANDSHAKE_MS = 30_000;

/** What the proxy tells of. */
export interface ProxyEvents {
  /** A message, without credentials, in the order in which it went through. */
  readonly onMessage: (connection: number, message: HarMessage) => void;
  /** A connection opened, closed or was refused. */
  readonly onNote: (connection: number, text: string) => void;
}

/** A proxy on this machine that passes WebSockets on to one target, and records them. */
export class RecordingProxy {
  private readonly server: Server = createServer((_, response) => response.writeHead(426).end());
  private readonly open = new Set<WebSocket>();
  private count = 0;

  constructor(
    private readonly target: ScanTarget,
    private readonly recording: Recording,
    private readonly events: ProxyEvents,
  ) {
    this.server.on('upgrade', (request, socket, head) => this.accept(request, socket, head));
  }

  /** Listens on loopback. @param port 0 takes a free one. @returns the port. */
  async listen(port: number): Promise<number> {
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    for (const side of this.open) side.terminate();
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    // A name of a stranger that resolves to this machine is how a web page would get here (DNS rebinding).
    if (!/^(?:localhost|127\.0\.0\.1)(?::\d+)?$/i.test(request.headers.host ?? '')) return refuse(socket, 421);
    if (this.open.size >= MAX_CONNECTIONS * 2) return refuse(socket, 503);
    this.connect(request, socket, head, ++this.count);
  }

  private connect(request: IncomingMessage, socket: Duplex, head: Buffer, connection: number): void {
    const fields = pairsOf(request.rawHeaders);
    const startedAt = Date.now();
    const { href } = this.target.url;
    const begin = (response: IncomingMessage): ((message: HarMessage) => void) =>
      this.recording.begin({
        url: href,
        startedAt,
        request: fields,
        status: response.statusCode ?? 0,
        response: pairsOf(response.rawHeaders),
      });
    const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    let server: WebSocket;
    try {
      const offered = protocols.filter((name) => name !== '');
      // A redirect would carry the credentials to a host that nobody named.
      server = new WebSocket(href, offered, {
        headers: forwardedFields(fields) as unknown as Record<string, string>,
        followRedirects: false,
        handshakeTimeout: HANDSHAKE_MS,
        maxPayload: MAX_PAYLOAD,
        perMessageDeflate: false,
      });
    } catch {
      return refuse(socket, 400);
    }
    this.track(server);
    let answer: IncomingMessage | undefined;
    server.on('upgrade', (response) => (answer = response));
    server.on('unexpected-response', (_, response) => {
      begin(response);
      this.events.onNote(connection, `refused by the server with ${response.statusCode}`);
      refuse(socket, response.statusCode ?? 502);
      response.destroy();
      server.terminate();
    });
    server.on('error', () => {
      if (answer === undefined) refuse(socket, 502);
    });
    const onGone = (): void => server.terminate();
    socket.once('close', onGone);
    server.on('open', () => {
      socket.off('close', onGone);
      const upgrades = new WebSocketServer({
        noServer: true,
        clientTracking: false,
        maxPayload: MAX_PAYLOAD,
        handleProtocols: () => (server.protocol === '' ? false : server.protocol),
      });
      upgrades.on('wsClientError', () => server.terminate());
      upgrades.handleUpgrade(request, socket, head, (client) => {
        this.track(client);
        const redactor = new EntryRedactor(href, fields);
        const keep = answer === undefined ? () => undefined : begin(answer);
        this.events.onNote(connection, 'open');
        relayMessages({
          client,
          server,
          onMessage: (message) => {
            keep(message);
            this.events.onMessage(connection, redactor.message(message));
          },
          onClose: (who, code) => this.events.onNote(connection, `closed by the ${who} with ${code}`),
        });
      });
    });
  }

  private track(side: WebSocket): void {
    this.open.add(side);
    side.on('close', () => this.open.delete(side));
  }
}

function refuse(socket: Duplex, status: number): void {
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
  );
}
