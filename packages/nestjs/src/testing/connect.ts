import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server as TlsServer } from 'node:https';
import { BEARER_SUBPROTOCOL_PREFIX, JSON_SUBPROTOCOL } from '@secure-ws/protocol';
import { type ClientOptions, WebSocket } from 'ws';
import { refuseProduction } from './refuse-production.js';
import type { TestIdentity } from './test-identity.js';
import { WsTestClient } from './ws-test-client.js';

/** What {@link connect} needs of an application: every `INestApplication` has it. */
export interface ListeningApplication {
  /** The server, which must listen. */
  getHttpServer(): unknown;
}

/** Where {@link connect} goes: an application that listens, or a URL without a path. */
export type ConnectTarget = string | ListeningApplication;

/** What a client brings to its handshake. */
export interface ConnectOptions {
  /**
   * The path of the gateway.
   *
   * @default '/'
   */
  readonly path?: string;
  /** An identity of `testIdentity()`, or a bearer token that the application itself accepts. @default no credential */
  readonly as?: TestIdentity | string;
  /**
   * How the token travels: in `Authorization`, or as a web page has to, beside `json.v1` in the list of subprotocols.
   *
   * @default 'authorization'
   */
  readonly credentialIn?: 'authorization' | 'subprotocol';
  /** The `Origin` of a page. @default none: not a browser */
  readonly origin?: string;
  /** Subprotocols to offer. @default [] */
  readonly protocols?: readonly string[];
  /** Further header fields. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * How long this client waits for anything before it gives up, in milliseconds of the machine's clock.
   *
   * @default 5000
   */
  readonly patienceMs?: number;
}

/** Rejects `connect()` where the server answered with anything but `101`. */
export class HandshakeRefusedError extends Error {
  override readonly name = 'HandshakeRefusedError';

  constructor(
    /** The HTTP status of the refusal. */
    readonly status: number,
    readonly headers: IncomingHttpHeaders,
    readonly body: string,
  ) {
    super(`The server refused the handshake with ${status}.`);
  }
}

/**
 * Connects to a gateway.
 *
 * @throws {HandshakeRefusedError} where the server refuses. A client that offers `secure-ws.v1` with an allowed `Origin`
 * is shown some refusals as the close of an open connection instead: `expectClose()`.
 *
 * @example
 * ```ts
 * const client = await connect(app, { path: '/orders', as: testIdentity({ id: 'alice', roles: ['trader'] }) });
 * expect(await client.request('order.place', order)).toMatchObject({ data: { placed: true } });
 * ```
 */
export async function connect(target: ConnectTarget, options: ConnectOptions = {}): Promise<WsTestClient> {
  refuseProduction();
  const { path = '/', patienceMs = 5000 } = options;
  const { url, isOwnServer } = locate(target);
  const settings: ClientOptions = {
    headers: headersOf(options),
    ...(options.origin === undefined ? {} : { origin: options.origin }),
    perMessageDeflate: false,
    handshakeTimeout: patienceMs,
    // The server runs in this process, with whatever certificate the test gave it.
    ...(isOwnServer ? { rejectUnauthorized: false } : {}),
  };
  const socket = new WebSocket(`${url}${path}`, protocolsOf(options), settings);
  // Before it opens: the first message may come in one segment with the answer to the handshake.
  const client = new WsTestClient(socket, patienceMs);
  await opened(socket);
  return client;
}

function locate(target: ConnectTarget): { url: string; isOwnServer: boolean } {
  if (typeof target === 'string') return { url: target.replace(/^http/, 'ws').replace(/\/$/, ''), isOwnServer: false };
  const server = target.getHttpServer() as { address?(): AddressInfo | string | null };
  const address = server.address?.();
  if (typeof address !== 'object' || address === null) {
    throw new Error('The application does not listen on a port: call await app.listen(0) before connect(app).');
  }
  const isLoopbackV4 = address.family === 'IPv4' || address.address === '::';
  const host = isLoopbackV4 ? '127.0.0.1' : '[::1]';
  return { url: `${server instanceof TlsServer ? 'wss' : 'ws'}://${host}:${address.port}`, isOwnServer: true };
}

function tokenOf({ as }: ConnectOptions): string | undefined {
  return typeof as === 'object' ? as.token : as;
}

function headersOf(options: ConnectOptions): Record<string, string> {
  const { credentialIn = 'authorization', headers = {} } = options;
  const token = tokenOf(options);
  return token !== undefined && credentialIn === 'authorization'
    ? { authorization: `Bearer ${token}`, ...headers }
    : { ...headers };
}

function protocolsOf(options: ConnectOptions): string[] {
  const { credentialIn, protocols = [] } = options;
  const token = tokenOf(options);
  if (token === undefined || credentialIn !== 'subprotocol') return [...protocols];
  // A token alone is refused: the server may answer with a real subprotocol only.
  return [...(protocols.length === 0 ? [JSON_SUBPROTOCOL] : protocols), `${BEARER_SUBPROTOCOL_PREFIX}${token}`];
}

function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      // Also where the server cuts its answer short.
      response.once('close', () => {
        const body = Buffer.concat(chunks).toString();
        reject(new HandshakeRefusedError(response.statusCode ?? 0, response.headers, body));
      });
    });
  });
}
