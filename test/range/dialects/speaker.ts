import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';
import type { WebSocket, WebSocketServer } from 'ws';
import type { Flaw } from '../range-flaws.js';
import { type AtEnd, end, RANGE, refusalOf, refuse } from '../range-server.js';
import { CarefulServer } from './careful-server.js';
import { NotesApp } from './notes-app.js';

/** A server that speaks one dialect. Its handshake is that of the range, without the credential. */
export interface Speaker {
  /** What it agrees to; without any it agrees to none. */
  readonly subprotocols?: readonly string[];
  /** Behind the path of the range. @default '' */
  readonly address?: string;
  /** The range's messages, as this dialect has them: one that both may send, one of A, and one that nobody may. */
  readonly messages: readonly string[];
  /** Whether the token stands in the handshake, and not in the first message. @default false */
  readonly readsHandshake?: boolean;
  /** Serves one connection. */
  readonly serve?: (client: WebSocket, app: NotesApp, request: IncomingMessage) => void;
  /** Or takes the whole server over, for libraries that do so. */
  readonly attach?: (sockets: WebSocketServer, newApp: () => NotesApp, maxBytes: number) => Upgrade | undefined;
}

/** Takes a connection over. */
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

const MAX_BYTES = 65_536;
const HANDSHAKES_IN_A_ROW = 30;

/** Starts a server with the flaws, and gives its URL. It ends with the test. */
export async function startSpeaker(
  speaker: Speaker,
  flaws: readonly Flaw[] = [],
  atEnd: AtEnd = onTestFinished,
): Promise<string> {
  const { subprotocols = [], address = '', readsHandshake = false, serve, attach } = speaker;
  const has = (flaw: Flaw): boolean => flaws.includes(flaw);
  const maxPayload = has('huge-messages') ? 104_857_600 : MAX_BYTES;
  const http = createServer({ headersTimeout: 500, connectionsCheckingInterval: 100 }, (_, response) =>
    response.writeHead(404).end(),
  );
  const handleProtocols = (offered: Set<string>): string | false =>
    [...offered].find((name) => subprotocols.includes(name)) ?? false;
  const sockets = new CarefulServer({ noServer: true, maxPayload, handleProtocols });
  const newApp = (): NotesApp => new NotesApp(has);
  const takeOver = attach?.(sockets, newApp, maxPayload);
  if (serve !== undefined) {
    sockets.on('connection', (client, request) => {
      client.on('error', () => client.terminate());
      serve(client, newApp(), request);
    });
  }
  let handshakes = 0;
  http.on('upgrade', (request, socket, head) => {
    const isTooMany = ++handshakes % HANDSHAKES_IN_A_ROW === 0;
    // The path is that of the range, whatever the dialect has behind it.
    if (!URL.canParse(request.url ?? '', 'http://range')) return refuse(socket, 400);
    const { pathname } = new URL(request.url ?? '', 'http://range');
    const url = pathname === `${RANGE.path}${pathOf(address)}` ? RANGE.path : pathname;
    const status = isTooMany ? 429 : refusalOf(withUrl(request, url), (flaw) => has(flaw) || (flaw === 'anonymous' && !readsHandshake)); // prettier-ignore
    if (status !== undefined) return refuse(socket, status);
    if (takeOver !== undefined) return takeOver(request, socket, head);
    sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request));
  });
  await once(http.listen(0, '127.0.0.1'), 'listening');
  atEnd(() => end(http, sockets));
  return `ws://127.0.0.1:${(http.address() as AddressInfo).port}${RANGE.path}${address}`;
}

const pathOf = (address: string): string => address.split('?')[0] ?? '';

/** The same request for another path. */
function withUrl(request: IncomingMessage, url: string): IncomingMessage {
  return Object.create(request, { url: { value: url } }) as IncomingMessage;
}
