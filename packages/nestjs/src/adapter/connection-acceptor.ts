import type { IncomingMessage } from 'node:http';
import type { RawData, WebSocket } from 'ws';
import type { GatewayHookObserver } from '../nest/gateway-hooks.js';
import type { GatewayRecord } from '../nest/gateway-inventory.js';
import type { HandshakeAdmission } from '../handshake/handshake-context.js';
import type { SecurityEventFields } from '../events/security-event.js';
import type { BoundedSocket } from '../lifecycle/bounded-socket.js';
import { ManagedConnection } from '../lifecycle/managed-connection.js';
import { ConnectionPipeline } from '../messages/connection-pipeline.js';
import type { SecureWsRuntime } from '../secure-ws.runtime.js';
import { CLOSE_CODES } from '@secure-ws/protocol';
import { closeOfBrokenFrame } from './broken-frame.js';
import { GatewaySocket } from './gateway-socket.js';
import type { WsEndpoint } from './ws-endpoint.js';

/** Turns an admitted socket into a connection: runs the gateways' hooks, lets messages in, and cleans up at the end. */
export class ConnectionAcceptor implements GatewayHookObserver {
  readonly #sockets = new WeakMap<WebSocket, GatewaySocket>();
  /** The gateway that Nest is about to bind, or whose connect callback runs. */
  #current: GatewayRecord | undefined;

  constructor(private readonly runtime: SecureWsRuntime) {}

  /** The gateway whose callbacks come in at the moment. */
  get current(): GatewayRecord | undefined {
    return this.#current;
  }

  /** What is kept of a client's socket. */
  socketOf(client: WebSocket): GatewaySocket | undefined {
    return this.#sockets.get(client);
  }

  /** Takes a socket whose handshake was admitted. */
  accept(endpoint: WsEndpoint, client: BoundedSocket, request: IncomingMessage, admission: HandshakeAdmission): void {
    const { clock, lifecycle } = this.runtime;
    const { engine } = endpoint.runtime;
    const identity = {
      id: admission.connectionId,
      principal: admission.principal,
      path: admission.path,
      address: admission.clientAddress,
      origin: admission.origin,
      subprotocol: admission.subprotocol,
    };
    client.coalesceOn(request.socket);
    const connection = new ManagedConnection(identity, client, clock, endpoint.connectionOptions);
    const method = `${admission.principal.kind}:${admission.credentialKind}`;
    const gatewaySocket = new GatewaySocket(client, connection, new ConnectionPipeline(engine, connection), method);
    this.#sockets.set(client, gatewaySocket);
    this.#listen(gatewaySocket);
    lifecycle.register(connection);
    this.#reportOpened(gatewaySocket);
    for (const { gateway, connect } of endpoint.gateways) {
      this.#current = gateway;
      connect(client, request, connection);
    }
    this.#current = undefined;
    this.#release(gatewaySocket);
  }

  onBind(gateway: GatewayRecord): void {
    this.#current = gateway;
  }

  onConnecting(client: WebSocket, done: PromiseLike<unknown>): void {
    this.#sockets.get(client)?.connecting.push(done);
  }

  onConnectFailed(client: WebSocket, where: string, error: unknown): void {
    this.onHookFailed(client, where, error);
    this.#sockets.get(client)?.connection.close('INTERNAL');
  }

  onHookFailed(client: WebSocket | undefined, where: string, error: unknown): void {
    const connectionId = client === undefined ? undefined : this.#sockets.get(client)?.connection.id;
    this.runtime.events.emit({
      type: 'ws.application.failed',
      where,
      ...(connectionId === undefined ? {} : { connectionId }),
    });
    this.runtime.faults.write(where, connectionId ?? '', error);
  }

  /** Lets messages in once every hook is done (AN-02). A hook that never ends closes the connection. */
  #release({ connecting, connection, pipeline }: GatewaySocket): void {
    if (connecting.length === 0) {
      pipeline.release();
      return;
    }
    const { clock, options } = this.runtime;
    const cancel = clock.after(options.lifecycle.connectTimeoutMs, () => {
      this.onHookFailed(connection.socket, 'handleConnection', new Error('handleConnection did not end in time.'));
      connection.close('INTERNAL');
    });
    connection.socket.once('close', cancel);
    void Promise.all(connecting).then(() => {
      cancel();
      connection.socket.off('close', cancel);
      pipeline.release();
    });
  }

  #listen(gatewaySocket: GatewaySocket): void {
    const { socket, connection, pipeline } = gatewaySocket;
    socket.on('message', (data: RawData, isBinary: boolean) => {
      pipeline.onMessage(data as Buffer, isBinary);
    });
    socket.on('pong', (payload) => {
      connection.onPong(payload);
    });
    // A broken frame arrives here before 'close'. Without a listener it would end the process.
    socket.on('error', (error: Error & { code?: string }) => {
      this.#onBrokenFrame(gatewaySocket, error.code ?? '');
    });
    socket.once('close', (code) => {
      this.#onClose(gatewaySocket, code);
    });
  }

  #onClose(gatewaySocket: GatewaySocket, codeSeen: number): void {
    const { connection, pipeline, disconnects } = gatewaySocket;
    connection.epoch++;
    pipeline.dispose();
    this.runtime.lifecycle.unregister(connection);
    for (const disconnect of disconnects) disconnect(codeSeen);
    this.#reportClosed(gatewaySocket, codeSeen);
  }

  #reportOpened(gatewaySocket: GatewaySocket): void {
    this.runtime.events.emit({ type: 'ws.connection.opened', ...factsOf(gatewaySocket) });
  }

  #onBrokenFrame({ connection, pipeline }: GatewaySocket, code: string): void {
    const close = closeOfBrokenFrame(code);
    if (close === undefined) return;
    connection.failed(close);
    pipeline.refusals.note({ code: 'BAD_MESSAGE', reason: 'broken-frame' }, undefined);
  }

  #reportClosed(gatewaySocket: GatewaySocket, codeSeen: number): void {
    const { connection } = gatewaySocket;
    const { closing: reason } = connection;
    const initiator = reason !== undefined ? 'server' : codeSeen === 1006 ? 'network' : 'client';
    this.runtime.events.emit({
      type: 'ws.connection.closed',
      ...factsOf(gatewaySocket),
      ...(reason === undefined ? {} : { reason, codeSent: CLOSE_CODES[reason].code }),
      codeSeen,
      initiator,
      durationMs: this.runtime.clock.now() - connection.openedAt,
      messagesReceived: connection.messagesReceived,
      bytesReceived: connection.bytesReceived,
    });
  }
}

/** Who a connection belongs to, and where it came from (MO-01). */
function factsOf({ connection, method }: GatewaySocket): SecurityEventFields<'ws.connection.opened'> {
  const { id: connectionId, path, address, origin, principal } = connection;
  return { connectionId, path, address, principal: principal.key, method, ...(origin === undefined ? {} : { origin }) };
}
