import { type IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { Server as TlsServer, type TLSSocket } from 'node:tls';
import type { Cancel, Clock } from '../core/clock.js';

/** How long a client may take for its TLS handshake, and then for the head of its request, in milliseconds. */
export const HEAD_TIMEOUT_MS = 10_000;

/** How often Node looks for request heads that are late, in milliseconds. Its own 30 s would make 40 s of ten. */
const HEAD_CHECK_MS = 500;

interface Pending {
  readonly socket: Socket;
  readonly due: number;
}

/**
 * Follows every TCP connection of one HTTP server from its first moment. Those that ask for nothing are ended in time and
 * bounded in number (CWE-400, DR-13): Node gives a TLS handshake two minutes, and a server that closes waits for them all.
 */
export class ServerSockets {
  readonly #all = new Set<Socket>();
  /** Those without a request so far, the oldest first; by their peer where a request has another socket. */
  readonly #pending = new Map<Socket | string, Pending>();
  readonly #isTls: boolean;
  /** Whether a request has the very socket that was accepted; with TLS and with HTTP/2 it does not. */
  readonly #hasOneSocket: boolean;
  #isClosing = false;
  #cancel: Cancel | undefined;

  constructor(
    server: Server & { connectionsCheckingInterval?: number },
    private readonly clock: Clock,
    private readonly maxPending: number,
  ) {
    this.#isTls = server instanceof TlsServer;
    this.#hasOneSocket = server instanceof Server;
    // Node's own minute is a minute for whoever sends its head byte by byte (Slowloris).
    if (server.headersTimeout === 0 || server.headersTimeout > HEAD_TIMEOUT_MS) server.headersTimeout = HEAD_TIMEOUT_MS;
    // Read when the server begins to listen, which is later.
    if (server.connectionsCheckingInterval !== undefined) {
      server.connectionsCheckingInterval = Math.min(server.connectionsCheckingInterval, HEAD_CHECK_MS);
    }
    server.on('connection', this.#onConnection);
    server.on('secureConnection', this.#onSecured);
    // On a server of HTTP/2 without one, a listener for requests would turn on a second way of answering.
    if (server.listenerCount('request') > 0) server.on('request', this.onRequest);
  }

  get pending(): number {
    return this.#pending.size;
  }

  /** Ends the connections that have been silent for too long. Called by the coarse timer. */
  expire(now: number): void {
    for (const [key, { socket, due }] of this.#pending) {
      if (due > now) return;
      this.#pending.delete(key);
      // A head that has begun is Node's to time, with headersTimeout; a TLS handshake that has begun is nobody's.
      if (this.#isTls || socket.bytesRead === 0) socket.destroy();
    }
  }

  /** Ends what asks for nothing, now and from now on, and everything else after `withinMs`. */
  close(withinMs: number): void {
    this.#isClosing = true;
    for (const { socket } of this.#pending.values()) socket.destroy();
    if (this.#all.size === 0) return;
    this.#cancel ??= this.clock.after(withinMs, () => {
      for (const socket of this.#all) socket.destroy();
    });
  }

  readonly #onConnection = (socket: Socket): void => {
    const key = this.#keyOf(socket);
    this.#all.add(socket);
    socket.on('close', () => {
      this.#all.delete(socket);
      this.#pending.delete(key);
      if (this.#all.size === 0) this.#cancel?.();
    });
    if (this.#isClosing) {
      socket.destroy();
      return;
    }
    // Without a port (a Unix socket) such a request cannot be told from the others, and its connection is not timed here.
    // The port is asked for in any case: the kernel forgets a peer that resets its connection, and the audit names it.
    if (socket.remotePort === undefined && !this.#hasOneSocket) return;
    this.#pending.set(key, { socket, due: this.clock.monotonic() + HEAD_TIMEOUT_MS });
    if (this.#pending.size <= this.maxPending) return;
    // The oldest, not the newest: whoever fills the places with silence must not keep out those who speak.
    const [oldest] = this.#pending.values();
    oldest?.socket.destroy();
  };

  readonly #onSecured = (socket: TLSSocket): boolean => this.#pending.delete(this.#keyOf(socket));

  /** A connection has asked for something. Upgrades are told by their one listener. */
  readonly onRequest = ({ socket }: IncomingMessage): boolean => this.#pending.delete(this.#keyOf(socket));

  #keyOf(socket: Socket): Socket | string {
    return this.#hasOneSocket ? socket : `${socket.remoteAddress} ${socket.remotePort}`;
  }
}
