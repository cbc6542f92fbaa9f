import { once } from 'node:events';
import { type ClientOptions, WebSocket } from 'ws';
import { expectSoon } from './patience.js';

/** What a client brings to a handshake. */
export interface ClientShape {
  /** The `Origin` of a page. @default none: not a browser */
  readonly origin?: string;
  /** A bearer token. */
  readonly token?: string;
  /** Where the token travels. @default 'authorization'; 'subprotocol' as a page has to, beside `json.v1` */
  readonly tokenIn?: 'authorization' | 'subprotocol';
  /** Subprotocols to offer. */
  readonly protocols?: readonly string[];
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Further options of `ws`. */
  readonly ws?: ClientOptions;
}

/** The HTTP answer to a refused handshake. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Rejects {@link openSocket} where the server answered with anything but `101`. */
export class HandshakeRefused extends Error {
  override readonly name = 'HandshakeRefused';

  constructor(readonly refusal: Refusal) {
    super(`The handshake was refused with ${refusal.status}: ${refusal.body}`);
  }
}

/** Makes a `ws` client, still connecting. */
export function createSocket(url: string, shape: ClientShape = {}): WebSocket {
  const { token, tokenIn = 'authorization', headers = {} } = shape;
  const inSubprotocol = token !== undefined && tokenIn === 'subprotocol';
  const protocols = shape.protocols ?? (inSubprotocol ? ['json.v1'] : []);
  const inHeader = token !== undefined && tokenIn === 'authorization';
  return new WebSocket(url, inSubprotocol ? [...protocols, `bearer.${token}`] : [...protocols], {
    // The certificates of these tests are self-signed.
    rejectUnauthorized: false,
    perMessageDeflate: false,
    ...(shape.origin === undefined ? {} : { origin: shape.origin }),
    headers: { ...(inHeader ? { Authorization: `Bearer ${token}` } : {}), ...(headers as Record<string, string>) },
    ...shape.ws,
  });
}

/** Waits for the end of a handshake. @throws HandshakeRefused where it was refused. */
export async function awaitOpen(socket: WebSocket): Promise<void> {
  const opened = new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () => {
        const body = Buffer.concat(chunks).toString();
        reject(new HandshakeRefused({ status: response.statusCode ?? 0, headers: response.headers, body }));
      });
    });
  });
  await expectSoon(opened, 'the answer to a handshake');
}

/** Tries a handshake and ends the connection where it succeeds. */
export async function handshake(url: string, shape: ClientShape = {}): Promise<'open' | Refusal> {
  const socket = createSocket(url, shape);
  try {
    await awaitOpen(socket);
  } catch (error) {
    if (error instanceof HandshakeRefused) return error.refusal;
    throw error;
  }
  socket.close();
  await expectSoon(once(socket, 'close'), 'the end of an admitted connection');
  return 'open';
}
