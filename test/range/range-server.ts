import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, Server } from 'node:http';
import type { AddressInfo, Server as TcpServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { serveLeniently } from './lenient-frames.js';
import type { Flaw } from './range-flaws.js';
import { answering } from './range-notes.js';
import { behindTls, type TlsFlaw } from './range-tls.js';
import { rangeToken, takesForged, visitUntil } from './range-tokens.js';

/** Who may connect, from where. */
export const RANGE = {
  origin: 'https://app.example.com',
  token: rangeToken('alice'),
  cookie: `sid=a-session-of-the-range-0123456789; jwt=${rangeToken('alice')}`,
  /** Of somebody else, who has a session as well. */
  tokenB: rangeToken('bob'),
  cookieB: 'sid=another-session-of-the-range-0123456789',
  expired: 'an-old-token-of-the-range-0123456789',
  path: '/notes',
  /** One that everybody is answered, one about a note of the first account, one that is forbidden, and one that holds once. */
  messages: [
    '{"event":"note.list","data":{"folder":"inbox"},"id":1}',
    '{"event":"note.read","data":{"noteId":7},"id":1}',
    '{"event":"note.purge","data":{},"id":1}',
    '{"event":"note.share","data":{"noteId":7,"nonce":"0f8fad5bd9cb469f"},"id":1}',
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
          { event: 'note.share', access: { all: [{ scope: 'notes:read' }] } },
        ],
      },
    ],
  },
} as const;

const HANDSHAKES_IN_A_ROW = 30;
const ONCE = ['host', 'origin', 'sec-websocket-version', 'sec-websocket-key'];

/** Takes what ends a server. Vitest's own hook knows no test where several run at a time: those end theirs themselves. */
export type AtEnd = (end: () => Promise<void>) => void;

/** Starts a server with the flaws, and gives its URL. It ends with the test. */
export async function startRangeServer(
  flaws: readonly Flaw[],
  host = '127.0.0.1',
  tls?: TlsFlaw | 'in-order',
  atEnd: AtEnd = onTestFinished,
): Promise<string> {
  const has = (flaw: Flaw): boolean => flaws.includes(flaw);
  const attributes = has('bare-cookie') ? 'Path=/' : 'Path=/; Secure; HttpOnly; SameSite=Strict';
  const patience = has('idle-connections') ? {} : { headersTimeout: 500, connectionsCheckingInterval: 100 };
  const http = createServer(patience, (_, response) =>
    response.writeHead(404, { 'set-cookie': `sid=new; ${attributes}` }).end(),
  );
  const sockets = new WebSocketServer({
    noServer: true,
    maxFragments: has('any-fragments') ? 16_384 : 64,
    maxPayload: has('huge-messages') || has('inflates-anything') ? 104_857_600 : 1_048_576,
    perMessageDeflate: has('compression') || has('inflates-anything'),
    handleProtocols: ([first]) => (has('any-subprotocol') ? (first ?? false) : false),
  });
  sockets.on('headers', (fields, { headers }) => {
    const [, unknown] = /^(x-[\w-]+)/.exec(headers['sec-websocket-extensions'] ?? '') ?? [];
    if (has('any-extension') && unknown !== undefined) fields.push(`Sec-WebSocket-Extensions: ${unknown}`);
  });
  const nonces = new Set<string>();
  let loggedOut = false;
  let handshakes = 0;
  http.on('upgrade', (request, socket, head) => {
    handshakes++;
    const isTooMany = !has('any-handshake-rate') && handshakes % HANDSHAKES_IN_A_ROW === 0;
    const isOver = loggedOut && userOf(request.headers, has) === 'A';
    const status = isTooMany ? 429 : (refusalOf(request, has) ?? (isOver ? 401 : undefined));
    if (has('answers-behind') && head.length > 0) socket.write('HTTP/1.1 426 No\r\nContent-Length: 0\r\n\r\n');
    if (status !== undefined) return refuse(socket, status);
    const die = (): void => void end(server, sockets);
    const answer = answering({ user: userOf(request.headers, has), headers: request.headers, nonces, has, die });
    if (has('lenient-frames')) return serveLeniently(request, socket, answer);
    sockets.handleUpgrade(request, socket, head, (client) => {
      serve(client, answer, has);
      // Inflating takes its time, and what comes behind it waits.
      if (!has('idle-connections')) watch(client, has('inflates-anything') ? 25 : 10);
      const until = visitUntil(bearerOf(request.headers));
      if (until !== undefined && !has('outlives-token')) endAt(client, until * 1000);
    });
  });
  const server = tls === undefined ? http : await behindTls(http, patience, (flaw) => tls === flaw);
  await once(server.listen(0, host), 'listening');
  atEnd(() => end(server, sockets));
  const url = `${tls === undefined ? 'ws' : 'wss'}://${host}:${(server.address() as AddressInfo).port}${RANGE.path}`;
  LOG_OUTS.set(url, async () => {
    if (has('outlives-log-out')) return;
    loggedOut = true;
    for (const client of sockets.clients) client.close(4401);
  });
  return url;
}

/** Logs the first account out of the server at a URL. */
export const LOG_OUTS = new Map<string, () => Promise<void>>();

const bearerOf = ({ authorization = '' }: IncomingHttpHeaders): string => authorization.slice('Bearer '.length);

const HEARTBEAT_MS = 200;

/** Ends a client that answers no ping. */
export function watch(client: WebSocket, maxMissed: number): void {
  let missed = 0;
  const timer = setInterval(() => {
    if (missed++ > maxMissed) client.terminate();
    else client.ping();
  }, HEARTBEAT_MS);
  client.on('pong', () => (missed = 0)).once('close', () => clearInterval(timer));
}

function endAt(client: WebSocket, moment: number): void {
  const timer = setTimeout(() => client.close(4401), moment - Date.now());
  client.once('close', () => clearTimeout(timer));
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
  if (('content-length' in headers || 'transfer-encoding' in headers) && !has('bodies')) return 400;
  if (!URL.canParse(url, 'http://range')) return 400;
  const { pathname, searchParams } = new URL(url, 'http://range');
  if (pathname !== RANGE.path && !has('any-path')) return 404;
  if (!/^(?:127\.0\.0\.1|0\.0\.0\.0):\d+$/.test(headers.host ?? '') && !has('any-host')) return 421;
  const isCookieAlone = has('origin-beside-tokens') && headers.authorization === undefined;
  if (!admitsOrigin(headers.origin, has) && !(isCookieAlone && headers.origin !== undefined)) return 403;
  const inUrl = has('token-in-url') && searchParams.get('token') === RANGE.token;
  return userOf(headers, has) !== undefined || inUrl || has('anonymous') ? undefined : 401;
}

/** Whose credentials a handshake carries. */
function userOf({ authorization, cookie }: IncomingHttpHeaders, has: (flaw: Flaw) => boolean): 'A' | 'B' | undefined {
  if (authorization === `Bearer ${RANGE.token}` || cookie === RANGE.cookie) return 'A';
  if (authorization === `Bearer ${RANGE.tokenB}` || cookie === RANGE.cookieB) return 'B';
  if (takesForged(bearerOf({ authorization }), has)) return 'A';
  if ((visitUntil(bearerOf({ authorization })) ?? 0) * 1000 > Date.now()) return 'A';
  const [, jwt = ''] = /; jwt=(.+)$/.exec(cookie ?? '') ?? [];
  if (has('unverified-cookie') && takesForged(jwt, (flaw) => flaw === 'unverified-tokens')) return 'A';
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

/** In bytes: who reads so much later than it is sent reads nothing. */
const MAX_UNREAD = 1_048_576;

function serve(client: WebSocket, answer: (message: string) => string, has: (flaw: Flaw) => boolean): void {
  client.on('error', () => client.terminate());
  client.on('message', (data: Buffer, isBinary: boolean) => {
    if (isBinary && !has('binary-frames')) return client.close(1003);
    client.send(answer(data.toString()));
    if (client.bufferedAmount > MAX_UNREAD && !has('keeps-unread')) client.terminate();
  });
}

export function refuse(socket: Duplex, status: number): void {
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: 0\r\n\r\n`);
}

export async function end(server: TcpServer, sockets: WebSocketServer): Promise<void> {
  for (const client of sockets.clients) client.terminate();
  if (server instanceof Server) server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
}
