import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
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
import { isPromiseLike } from '../core/awaitable.js';
import { type FrameWatch, InboundFrames } from '../lifecycle/inbound-frames.js';
import { AcceptedSocket } from './accepted-socket.js';
import { IdentityRenewal } from './identity-renewal.js';
import { Revalidation } from './revalidation.js';
import type { WsEndpoint } from './ws-endpoint.js';

/** Turns an admitted socket into a connection: runs the gateways' hooks, lets messages in, and cleans up at the end. */
export class ConnectionAcceptor implements GatewayHookObserver {
  readonly #sockets = new WeakMap<WebSocket, AcceptedSocket>();
  /** The gateway whose callbacks come in at the moment: Nest is about to bind it, or its connect callback runs. */
  current: GatewayRecord | undefined;
  readonly #renewal: IdentityRenewal;
  readonly #now = (): number => this.runtime.clock.monotonic();

  constructor(private readonly runtime: SecureWsRuntime) {
    this.#renewal = new IdentityRenewal(runtime);
  }

  socketOf(client: WebSocket): AcceptedSocket | undefined {
    return this.#sockets.get(client);
  }

  accept(
    endpoint: WsEndpoint,
    client: BoundedSocket,
    request: IncomingMessage,
    admission: HandshakeAdmission,
    /** What has read the client's frames so far, where it has sent a message already. */
    before?: { readonly inbound: InboundFrames; readonly handTo: (watch: FrameWatch) => void },
  ): void {
    const { clock, lifecycle, revocationWatch } = this.runtime;
    const { engine, spoken } = endpoint.runtime;
    const { connectionId: id, principal, path, clientAddress: address, origin, certificate } = admission;
    const wire = spoken.formatOf(admission.subprotocol);
    client.coalesceOn(request.socket);
    const serverCertificate = (): string | undefined => serverCertificateOf(request.socket);
    const identity = { id, principal, path, address, origin, wire, serverCertificate, certificate };
    const connection = new ManagedConnection(identity, client, clock, endpoint.connectionOptions);
    const { onSend, onPong } = this.runtime.observer;
    connection.onSend = onSend;
    connection.deadlines.onRoundTrip = onPong;
    const pipeline = new ConnectionPipeline(engine, connection);
    const method = `${principal.kind}:${admission.credentialKind}`;
    const accepted = new AcceptedSocket(client, connection, pipeline, method, this.#now, this.runtime.unfinished);
    const inbound = before?.inbound ?? new InboundFrames(request.socket, accepted, pipeline.frameLimits);
    inbound.limits = pipeline.frameLimits;
    connection.inbound = inbound;
    before?.handTo(accepted);
    if (before !== undefined) connection.messagesReceived = 1;
    this.#sockets.set(client, accepted);
    this.#listen(accepted);
    lifecycle.register(connection);
    this.#renewal.bind(accepted, endpoint, request.socket, admission);
    new Revalidation(this.runtime, this.#renewal, accepted).start();
    this.runtime.events.emit({ type: 'ws.connection.opened', ...factsOf(accepted) });
    // A list may have been loaded since its certificate was verified.
    if (this.runtime.revokedCertificates.hasThatOf(connection)) connection.close('REVOKED');
    revocationWatch.check(connection);
    // Nothing of the application hears of one that has ended before it began.
    if (!connection.isOpen) return;
    for (const { gateway, connect } of endpoint.gateways) {
      this.current = gateway;
      connect(client, request, connection);
    }
    this.current = undefined;
    this.#release(accepted);
  }

  owns(client: unknown): boolean {
    return this.#sockets.has(client as WebSocket);
  }

  onBind(gateway: GatewayRecord): void {
    this.current = gateway;
  }

  onConnecting(client: WebSocket, done: PromiseLike<unknown>): void {
    this.#sockets.get(client)?.connecting.push(done);
  }

  onConnectFailed(client: WebSocket, where: string, error: unknown): void {
    this.onHookFailed(client, where, error);
    this.#sockets.get(client)?.connection.close('INTERNAL');
  }

  endOf(client: WebSocket): readonly unknown[] {
    const { connection, close } = this.#sockets.get(client) ?? {};
    return [close?.code, connection, close];
  }

  onHookFailed(client: WebSocket | undefined, where: string, error: unknown): void {
    const connectionId = client === undefined ? undefined : this.#sockets.get(client)?.connection.id;
    const known = connectionId === undefined ? {} : { connectionId };
    this.runtime.events.emit({ type: 'ws.application.failed', where, ...known });
    this.runtime.faults.write(where, connectionId ?? '', error);
  }

  /** Lets messages in once every hook is done (AN-02). A hook that never ends closes the connection. */
  #release(accepted: AcceptedSocket): void {
    const { connecting, connection } = accepted;
    if (connecting.length === 0) {
      this.#greet(accepted);
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
      this.#greet(accepted);
    });
  }

  /** Tells the hooks of the application, and lets messages in once they are done. Nobody hears of one that was refused. */
  #greet(accepted: AcceptedSocket): void {
    const { connection, pipeline } = accepted;
    if (!connection.isOpen) return;
    accepted.isGreeted = true;
    accepted.greeting = this.runtime.hooks.connected(connection);
    if (accepted.greeting === undefined) pipeline.release();
    else void accepted.greeting.then(() => pipeline.release());
  }

  #listen(accepted: AcceptedSocket): void {
    const { socket, connection, pipeline } = accepted;
    socket.on('message', (data: RawData, isBinary: boolean) => pipeline.onMessage(data as Buffer, isBinary));
    socket.on('ping', () => accepted.onPing());
    socket.on('pong', (payload) => connection.deadlines.onPong(payload));
    // A broken frame arrives here before 'close'. Without a listener it would end the process.
    socket.on('error', (error: Error & { code?: string }) => accepted.onError(error.code ?? ''));
    socket.once('close', (code) => this.#onClose(accepted, code));
  }

  /** Whatever fails here, the rest is done: a stream whose teardown throws must not end the process (DR-14). */
  #onClose(accepted: AcceptedSocket, codeSeen: number): void {
    const { connection, pipeline, disconnects } = accepted;
    connection.epoch++;
    const end = accepted.onClosed(codeSeen);
    this.runtime.lifecycle.unregister(connection);
    this.#contain('dispose', connection, () => pipeline.dispose());
    for (const disconnect of disconnects) this.#contain('handleDisconnect', connection, () => disconnect(codeSeen));
    if (accepted.isGreeted) this.runtime.hooks.disconnected(connection, end, accepted.greeting);
    this.#reportClosed(accepted);
    this.runtime.observer.onClosed?.(connection.id);
  }

  #contain(where: string, { id }: ManagedConnection, work: () => unknown): void {
    const fail = (error: unknown): void => this.runtime.faults.write(where, id, error);
    try {
      const result = work();
      if (isPromiseLike(result)) result.then(undefined, fail);
    } catch (error) {
      fail(error);
    }
  }

  #reportClosed(accepted: AcceptedSocket): void {
    const { connection, close } = accepted;
    const { closing: reason, messagesReceived, bytesReceived, messagesSent } = connection;
    this.runtime.events.emit({
      type: 'ws.connection.closed',
      ...factsOf(accepted),
      ...(reason === undefined ? {} : { reason, codeSent: CLOSE_CODES[reason].code }),
      codeSeen: close?.code ?? 1006,
      initiator: close?.initiator ?? 'network',
      durationMs: this.runtime.clock.now() - connection.openedAt,
      ...{ messagesReceived, bytesReceived, messagesSent },
      bytesSent: connection.socket.bytesSent,
    });
  }
}

/** The fingerprint of what this server showed the client; `undefined` without TLS. */
function serverCertificateOf(socket: object): string | undefined {
  return socket instanceof TLSSocket ? socket.getX509Certificate()?.fingerprint256 : undefined;
}

/** Who a connection belongs to, and where it came from (MO-01). */
function factsOf({ connection, method }: AcceptedSocket): SecurityEventFields<'ws.connection.opened'> {
  const { id: connectionId, path, address, origin, principal } = connection;
  return { connectionId, path, address, principal: principal.key, method, ...(origin === undefined ? {} : { origin }) };
}
