import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { serveLeniently } from './lenient-frames.js';
import { rangeToken, takesForged, TOKEN_FLAWS } from './range-tokens.js';

/** What is wrong with a server of the range. Without any of them it is in order. */
export const FLAWS = [
  'any-origin',
  'origin-suffix',
  'origin-without-port',
  'null-origin',
  'missing-origin',
  'any-host',
  'any-path',
  'old-versions',
  'duplicate-fields',
  'any-subprotocol',
  'compression',
  'anonymous',
  'expired-token',
  'token-in-url',
  'any-record',
  ...TOKEN_FLAWS,
  'undeclared',
  'told-apart',
  'huge-messages',
  'any-handshake-rate',
  'any-message-rate',
  'stack-trace',
  'lenient-frames',
] as const;

/** The name of one. */
export type Flaw = (typeof FLAWS)[number];

/** Who may connect, from where. */
export const RANGE = {
  origin: 'https://app.example.com',
  token: rangeToken('alice'),
  cookie: 'sid=a-session-of-the-range-0123456789',
  /** Of somebody else, who has a session as well. */
  tokenB: rangeToken('bob'),
  cookieB: 'sid=another-session-of-the-range-0123456789',
  expired: 'an-old-token-of-the-range-0123456789',
  path: '/notes',
  /** One that everybody is answered, one about a note of the first account, and one that is forbidden. */
  messages: [
    '{"event":"note.list","data":{},"id":1}',
    '{"event":"note.read","data":{"noteId":7},"id":1}',
    '{"event":"note.purge","data":{},"id":1}',
  ],
  /** What was reviewed. */
  lock: {
    endpoints: [
      {
        path: '/notes',
        events: [
          { event: 'note.list', access: { all: [{ scope: 'notes:read' }] } },
          { event: 'note.read', access: { all: [{ policy: 'NoteOwner', module: 'NotesModule' }] } },
          { event: 'note.purge', access: { closed: true } },
        ],
      },
    ],
  },
} as const;

const MAX_MESSAGES = 150;
const HANDSHAKES_IN_A_ROW = 30;
const ONCE = ['host', 'origin', 'sec-websocket-version', 'sec-websocket-key'];

/** Starts a server with the flaws, and gives its URL. It ends with the test. */
export async function startRangeServer(flaws: readonly Flaw[], host = '127.0.0.1'): Promise<string> {
  const has = (flaw: Flaw): boolean => flaws.includes(flaw);
  const http = createServer((_, response) => response.writeHead(404).end());
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: has('huge-messages') ? 104_857_600 : 65_536,
    perMessageDeflate: has('compression'),
    handleProtocols: ([first]) => (has('any-subprotocol') ? (first ?? false) : false),
  });
  let handshakes = 0;
  http.on('upgrade', (request, socket, head) => {
    handshakes++;
    const isTooMany = !has('any-handshake-rate') && handshakes % HANDSHAKES_IN_A_ROW === 0;
    const status = isTooMany ? 429 : refusalOf(request, has);
    if (status !== undefined) return refuse(socket, status);
    if (has('lenient-frames')) return serveLeniently(request, socket, answering(request, has));
    sockets.handleUpgrade(request, socket, head, (client) => serve(client, answering(request, has)));
  });
  await once(http.listen(0, host), 'listening');
  onTestFinished(() => end(http, sockets));
  return `ws://${host}:${(http.address() as AddressInfo).port}${RANGE.path}`;
}

/** The status of a refusal; `undefined` for a handshake that may pass. */
export function refusalOf(
  { headers, rawHeaders, url = '' }: IncomingMessage,
  has: (flaw: Flaw) => boolean,
): number | undefined {
  const names = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  const isRepeated = ONCE.some((name) => names.filter((other) => other === name).length > 1);
  if (isRepeated && !has('duplicate-fields')) return 400;
  if (headers['sec-websocket-version'] !== '13' && !has('old-versions')) return 426;
  if (headers.upgrade !== 'websocket') return 400;
  const { pathname, searchParams } = new URL(url, 'http://range');
  if (pathname !== RANGE.path && !has('any-path')) return 404;
  if (!/^(?:127\.0\.0\.1|0\.0\.0\.0):\d+$/.test(headers.host ?? '') && !has('any-host')) return 421;
  if (!admitsOrigin(headers.origin, has)) return 403;
  const inUrl = has('token-in-url') && searchParams.get('token') === RANGE.token;
  return userOf(headers, has) !== undefined || inUrl || has('anonymous') ? undefined : 401;
}

/** Whose credentials a handshake carries. */
function userOf({ authorization, cookie }: IncomingHttpHeaders, has: (flaw: Flaw) => boolean): 'A' | 'B' | undefined {
  if (authorization === `Bearer ${RANGE.token}` || cookie === RANGE.cookie) return 'A';
  if (authorization === `Bearer ${RANGE.tokenB}` || cookie === RANGE.cookieB) return 'B';
  if (takesForged(authorization?.slice('Bearer '.length) ?? '', has)) return 'A';
  return has('expired-token') && authorization === `Bearer ${RANGE.expired}` ? 'A' : undefined;
}

function admitsOrigin(origin: string | undefined, has: (flaw: Flaw) => boolean): boolean {
  // Node keeps the first of two.
  if (origin === RANGE.origin || has('any-origin')) return true;
  if (origin === undefined) return has('missing-origin');
  if (origin === 'null') return has('null-origin');
  if (has('origin-suffix')) return origin.endsWith('app.example.com');
  return has('origin-without-port') && URL.canParse(origin) && new URL(origin).hostname === 'app.example.com';
}

/** What one connection answers to a message. */
function answering({ headers }: IncomingMessage, has: (flaw: Flaw) => boolean): (message: string) => string {
  let count = 0;
  return (message) => {
    if (++count > MAX_MESSAGES && !has('any-message-rate')) return errorFrame('THROTTLED');
    try {
      const { event } = JSON.parse(message) as { readonly event: unknown };
      if (event === 'note.list') return JSON.stringify({ event: 'note.list', data: [] });
      const mayRead = has('any-record') || userOf(headers, has) !== 'B';
      if (event === 'note.read' && mayRead) return JSON.stringify({ event: 'note.read', data: { text: 'Buy milk' } });
      if (event === 'note.purge' && has('undeclared')) return JSON.stringify({ event: 'note.purged' });
      return errorFrame(event !== 'note.purge' && has('told-apart') ? 'UNKNOWN_EVENT' : 'FORBIDDEN');
    } catch (error) {
      return errorFrame(
        has('stack-trace') ? `${(error as Error).stack} of ${headers.authorization}, ${headers.cookie}` : 'BAD_MESSAGE',
      );
    }
  };
}

const errorFrame = (code: string): string => JSON.stringify({ event: 'error', data: { code } });

function serve(client: WebSocket, answer: (message: string) => string): void {
  client.on('error', () => client.terminate());
  client.on('message', (data: Buffer) => client.send(answer(data.toString())));
}

export function refuse(socket: Duplex, status: number): void {
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: 0\r\n\r\n`);
}

export async function end(http: Server, sockets: WebSocketServer): Promise<void> {
  for (const client of sockets.clients) client.terminate();
  http.closeAllConnections();
  await new Promise((resolve) => {
    http.close(resolve);
  });
}
