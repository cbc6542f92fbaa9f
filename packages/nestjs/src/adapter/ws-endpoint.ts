import { type ServerOptions, WebSocketServer } from 'ws';
import type { IncomingMessage } from 'node:http';
import type { HandshakeAdmission, HandshakeInvitation } from '../handshake/handshake-context.js';
import type { GatewayRecord } from '../nest/gateway-inventory.js';
import type { ConnectionOptions } from '../lifecycle/connection-deadlines.js';
import { CONTROL_BURST } from '../lifecycle/inbound-frames.js';
import { BoundedSocket } from '../lifecycle/bounded-socket.js';
import type { GatewayPath } from '../gateway-paths.js';

export type ConnectCallback = (...args: unknown[]) => void;

export interface BoundGateway {
  readonly gateway: GatewayRecord;
  readonly connect: ConnectCallback;
}

/** Options that `ws` 8.23 takes and its type package does not list yet. */
interface NewerServerOptions extends ServerOptions {
  readonly closeTimeout: number;
  readonly maxPendingAutoPongs: number;
}

/** One path of one port: a `WebSocketServer` without a listener of its own, and the gateways on it. */
export class WsEndpoint {
  readonly server: WebSocketServer;
  readonly gateways: BoundGateway[] = [];
  readonly connectionOptions: ConnectionOptions;
  /** That of the upgrade that is being completed: `ws` does all of it in one go. */
  #admission: HandshakeAdmission | HandshakeInvitation | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    readonly path: string,
    readonly runtime: GatewayPath,
  ) {
    const { validation, lifecycle } = runtime.settings;
    const { maxBytes } = runtime.engine;
    this.connectionOptions = { ...lifecycle, messageTimeoutMs: validation.messageTimeoutMs };
    const options: NewerServerOptions = {
      noServer: true,
      WebSocket: BoundedSocket,
      clientTracking: true,
      // The larger one of what the two kinds of frames may be: which of them holds is found out before ws sees a frame.
      maxPayload: validation.maxMessageBytes + (maxBytes === 0 ? 0 : 2 + maxBytes),
      maxFragments: validation.maxFragments,
      // Chunks are what the socket reads, fragments are what the peer frames: a peer that drips bytes makes many.
      maxBufferedChunks: validation.maxFragments * 4,
      // More than may come at once: a flood is closed with 1008, and only one that reads nothing is cut off without.
      maxPendingAutoPongs: 2 * CONTROL_BURST,
      // CRIME-like leaks (RFC 7692 section 8), and memory and time for the server.
      perMessageDeflate: false,
      skipUTF8Validation: false,
      autoPong: true,
      closeTimeout: lifecycle.closeTimeoutMs,
      // Without this hook ws answers with the first subprotocol that the client offered, a bearer token among them.
      handleProtocols: () => this.#admission?.subprotocol ?? false,
    };
    this.server = new WebSocketServer(options);
    this.server.on('headers', (lines) => {
      // OWASP ASVS 5.0 14.3.2: no cache between us and the client may keep anything of it.
      lines.push('Cache-Control: no-store');
      for (const [name, value] of this.#admission?.fields ?? []) lines.push(`${name}: ${value}`);
    });
  }

  /** Completes the upgrade of an admitted handshake. `accept` is not called when the peer is gone meanwhile. */
  upgrade(
    request: IncomingMessage,
    socket: Parameters<WebSocketServer['handleUpgrade']>[1],
    head: Buffer,
    admission: HandshakeAdmission | HandshakeInvitation,
    accept: (client: BoundedSocket) => void,
  ): void {
    this.#admission = admission;
    try {
      this.server.handleUpgrade(request, socket, head, (client) => accept(client as BoundedSocket));
    } finally {
      this.#admission = undefined;
    }
  }

  /** Ends when every client is gone. Calling it again waits for the same end. */
  close(): Promise<void> {
    return (this.#closing ??= new Promise((resolve) => this.server.close(() => resolve())));
  }
}
