import { randomBytes } from 'node:crypto';
import { connect as connectTcp, type Socket, type TcpNetConnectOpts } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { onTestFinished } from 'vitest';
import { FrameReader, type ServerFrame } from './frame-reader.js';
import { expectSoon } from './patience.js';
import { parseResponse, type RawResponse } from './raw-response.js';
import { WaitingQueue } from './waiting-queue.js';

/** A request head as it goes on the wire; nothing is checked or completed. */
export interface RawRequest {
  /** @default 'GET' */
  readonly method?: string;
  /** Path, absolute form, anything. @default '/' */
  readonly target?: string;
  /** @default 'HTTP/1.1' */
  readonly version?: string;
  /** In this order, with repetitions. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** Where {@link RawTcp.open} connects to. */
export interface RawTarget {
  readonly port: number;
  readonly isTls: boolean;
  /** What the client asks for in its TLS handshake, and where it comes from. */
  readonly tls?: ConnectionOptions & Pick<TcpNetConnectOpts, 'localAddress'>;
}

/** The fields of a well-formed handshake. `Host` is first, so that tests can take it off or put something before it. */
export function handshakeFields(host: string): [name: string, value: string][] {
  return [
    ['Host', host],
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Key', randomBytes(16).toString('base64')],
    ['Sec-WebSocket-Version', '13'],
  ];
}

/** Writes a request head. Values are sent byte by byte (latin1), so that a test can send what is no UTF-8. */
export function requestHead({ method = 'GET', target = '/', version = 'HTTP/1.1', fields }: RawRequest): Buffer {
  const lines = fields.map(([name, value]) => `${name}: ${value}`);
  return Buffer.from([`${method} ${target} ${version}`, ...lines, '', ''].join('\r\n'), 'latin1');
}

/** A client that writes bytes. It is destroyed at the end of its test. */
export class RawTcp {
  readonly #frames = new WaitingQueue<ServerFrame>();
  readonly #reader = new FrameReader();
  readonly #ended: Promise<void>;
  #received: Buffer = Buffer.alloc(0);
  #isUpgraded = false;
  #onBytes: (() => void) | undefined;

  private constructor(readonly socket: Socket) {
    // Resets are what these tests are about; the end is awaited through 'close'.
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => {
      if (this.#isUpgraded) for (const frame of this.#reader.push(bytes)) this.#frames.push(frame);
      else this.#received = Buffer.concat([this.#received, bytes]);
      this.#onBytes?.();
    });
    this.#ended = new Promise((resolve) => {
      socket.once('close', () => {
        this.#frames.end(new Error('The server closed the TCP connection.'));
        this.#onBytes?.();
        resolve();
      });
    });
  }

  /** Connects to a server on this machine. */
  static async open({ port, isTls, tls }: RawTarget): Promise<RawTcp> {
    // The certificate is self-signed, and who the server is does not matter here.
    const socket = isTls
      ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...tls })
      : connectTcp({ port, host: '127.0.0.1' });
    const client = new RawTcp(socket);
    onTestFinished(() => {
      socket.destroy();
    });
    const opened = new Promise<void>((resolve, reject) => {
      socket.once(isTls ? 'secureConnect' : 'connect', resolve);
      socket.once('error', reject);
    });
    await expectSoon(opened, 'a TCP connection');
    return client;
  }

  /** Writes bytes in one call. */
  write(bytes: Buffer | string): void {
    this.socket.write(bytes);
  }

  /** Ends the connection with a TCP RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Everything that the server sends until it ends the connection, as one response. */
  async readResponse(): Promise<RawResponse> {
    await expectSoon(this.#ended, 'the end of a refused connection');
    return parseResponse(this.#received);
  }

  /** The bytes that came before the upgrade. */
  get received(): Buffer {
    return this.#received;
  }

  /** The head of the server's answer; what follows a `101` is read as frames from now on. */
  async readHead(): Promise<RawResponse> {
    const complete = (): boolean => this.#received.includes('\r\n\r\n') || this.socket.destroyed;
    const arrived = new Promise<void>((resolve) => {
      const look = (): void => {
        if (complete()) resolve();
      };
      this.#onBytes = look;
      look();
    });
    await expectSoon(arrived, 'the head of a response');
    this.#onBytes = undefined;
    const response = parseResponse(this.#received);
    if (response.status === 101) {
      this.#isUpgraded = true;
      for (const frame of this.#reader.push(response.body)) this.#frames.push(frame);
    }
    return response;
  }

  /** The next frame of the server. */
  nextFrame(): Promise<ServerFrame> {
    return this.#frames.next('a frame of the server');
  }

  /** Waits until the connection has ended. */
  ended(): Promise<void> {
    return expectSoon(this.#ended, 'the end of the TCP connection');
  }
}
