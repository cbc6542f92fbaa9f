import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import type { Clock } from '../../core/clock.js';
import type { SyslogSettings } from './syslog.options.js';

const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 30_000;
const CONNECT_MS = 4000;
const CLOSE_MS = 1000;
const KEEP_ALIVE_MS = 30_000;

/** A connection that ends sooner was refused: of a client certificate TLS 1.3 says so only after the handshake. */
const STABLE_MS = 5000;

/** One connection to a syslog server, which is made when something is to be sent, and again when it broke. */
export class SyslogConnection {
  #socket: TLSSocket | undefined;
  /** The one that is being made. */
  #opening: TLSSocket | undefined;
  #retryMs = 0;
  /** Before this (monotonic milliseconds) no connection is tried: a server that is away is not besieged. */
  #notBefore = -Infinity;
  #openedAt = 0;

  constructor(
    private readonly settings: SyslogSettings,
    private readonly clock: Clock,
    /** Called with a sentence, where something may be lost that nobody can count. */
    private readonly onTrouble: (text: string) => void,
  ) {}

  /** Sends bytes. @throws Error where they have not all left this machine. */
  async send(text: string): Promise<void> {
    const socket = this.#socket ?? (await this.#connect());
    // A process that has nothing else to do ends when this has left, not before.
    socket.ref();
    await new Promise<void>((resolve, reject) => {
      const onClose = (): void => reject(new Error('The syslog server has closed the connection.'));
      socket.once('close', onClose);
      socket.write(text, (error) => {
        const hasFailed = error !== undefined && error !== null;
        // Node calls back without an error for what a broken connection took with it: the end of that one tells the truth.
        if (socket.destroyed && !hasFailed) return;
        socket.off('close', onClose);
        socket.unref();
        if (hasFailed) reject(error);
        else resolve();
      });
    });
  }

  /** Ends what hangs, also a connection that is not made yet. */
  abort(): void {
    const [socket, opening] = [this.#socket, this.#opening];
    this.#socket = undefined;
    this.#opening = undefined;
    socket?.destroy();
    opening?.destroy();
  }

  /** Lets what was sent leave, and ends the connection. */
  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    await new Promise<void>((resolve) => {
      const cancel = this.clock.after(CLOSE_MS, () => socket.destroy());
      socket.once('close', () => {
        cancel();
        resolve();
      });
      socket.ref();
      socket.end();
    });
  }

  async #connect(): Promise<TLSSocket> {
    if (this.clock.monotonic() < this.#notBefore) throw new Error('The syslog server is away.');
    try {
      return await this.#open();
    } catch (error) {
      this.#pause();
      throw error;
    }
  }

  /** The server has ended a connection that was open. */
  #onLost(): void {
    this.#socket = undefined;
    if (this.clock.monotonic() - this.#openedAt >= STABLE_MS) this.#retryMs = 0;
    this.#pause();
    this.onTrouble('The syslog server has ended the connection: what was sent last may not have arrived.');
  }

  #pause(): void {
    this.#retryMs = Math.min(MAX_RETRY_MS, Math.max(FIRST_RETRY_MS, this.#retryMs * 2));
    this.#notBefore = this.clock.monotonic() + this.#retryMs;
  }

  #open(): Promise<TLSSocket> {
    const { host, port, serverName, tls } = this.settings;
    return new Promise((resolve, reject) => {
      const name = isIP(serverName) === 0 ? { servername: serverName } : {};
      const socket = connect({ host, port, ...tls, ...name, minVersion: 'TLSv1.2', rejectUnauthorized: true });
      const cancel = this.clock.after(CONNECT_MS, () =>
        socket.destroy(new Error('The syslog server does not answer.')),
      );
      this.#opening = socket;
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      socket.once('secureConnect', () => {
        cancel();
        this.#opening = undefined;
        this.#socket = socket;
        this.#openedAt = this.clock.monotonic();
        resolve(socket);
      });
      socket.on('error', (error: Error) => {
        cancel();
        reject(error);
      });
      socket.once('close', () => {
        cancel();
        if (this.#opening === socket) this.#opening = undefined;
        if (this.#socket === socket) this.#onLost();
        reject(new Error('The syslog server has closed the connection.'));
      });
      // Nothing comes back (RFC 5425 section 4.4), but that the server ends: read, so that this is noticed.
      socket.resume();
      socket.once('end', () => socket.destroy());
    });
  }
}
