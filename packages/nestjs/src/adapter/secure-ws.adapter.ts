import { once } from 'node:events';
import type { Server } from 'node:http';
import type { WebSocket } from 'ws';
import type { HttpAdapterHost } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { endpointOf } from '../boot/gateway-endpoints.js';
import { normalizePath } from '../nest/gateway-inventory.js';
import { SecureWsBootError } from '../core/boot-problems.js';
import { existsIn } from '../messages/handler-plan.js';
import type { MessageHandler } from '../messages/message.js';
import { stepsOf } from '../messages/message-steps.js';
import type { SecureWsRuntime } from '../secure-ws.runtime.js';
import type { ConnectionAcceptor } from './connection-acceptor.js';
import { createOwnPortServer, speaksTls } from './own-port-server.js';
import { UpgradeListener } from './upgrade-listener.js';
import { type ConnectCallback, WsEndpoint } from './ws-endpoint.js';

const APPLICATION_PORT = 0;

/**
 * Nest's `ws` adapter with the module's own upgrade, message path and close, on the module's own copy of `ws`.
 *
 * `SecureWsModule` installs it; there is nothing to call.
 */
export class SecureWsAdapter extends WsAdapter {
  readonly #listeners = new Map<number, UpgradeListener>();
  readonly #endpoints = new Map<unknown, WsEndpoint>();
  /** Where the gateways' own ports listen; every address where a gateway names none. */
  readonly #hosts = new Map<number, string>();
  /** On servers that the application has beside its own. */
  readonly #attached = new Map<Server, UpgradeListener>();
  #isReady = false;
  #forceClose: boolean | undefined;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly runtime: SecureWsRuntime,
    private readonly acceptor: ConnectionAcceptor,
    private readonly prepare: () => void,
    private readonly failed: (error: unknown) => Error,
  ) {
    super();
  }

  // Nest sets this right before it registers the first gateway: every instance exists and nothing is bound yet.
  override set forceCloseConnections(value: boolean) {
    this.#forceClose = value;
    this.prepare();
  }

  override get forceCloseConnections(): boolean {
    return this.#forceClose ?? false;
  }

  override create(port: number, options: Record<string, unknown> = {}): WsEndpoint['server'] {
    this.prepare();
    try {
      const listener = this.#listenerOf(port);
      const { host } = options;
      if (typeof host === 'string') this.#hosts.set(port, host);
      const path = normalizePath(options['path']);
      const make = (): WsEndpoint => new WsEndpoint(path, this.runtime.paths.of(endpointOf({ port, path, options })));
      const endpoint = listener.endpointOf(path, make);
      this.#endpoints.set(endpoint.server, endpoint);
      return endpoint.server;
    } catch (error) {
      throw this.failed(error);
    }
  }

  override bindClientConnect(server: unknown, connect: ConnectCallback): void {
    const gateway = this.acceptor.current;
    if (gateway === undefined)
      throw new Error('SecureWs lost track of which gateway Nest is binding. Please report this.');
    this.#endpoints.get(server)?.gateways.push({ gateway, connect });
  }

  override bindMessageHandlers(client: WebSocket, handlers: Parameters<WsAdapter['bindMessageHandlers']>[1]): void {
    const socket = this.acceptor.socketOf(client);
    const gateway = this.acceptor.current;
    if (socket === undefined || gateway === undefined) return;
    const plans = this.runtime.plans.of(gateway);
    const seen = new Map<unknown, number>();
    for (const { message, callback } of handlers) {
      // Nest tells the event of a handler and not its method: of several, the order does.
      const nth = seen.get(message) ?? 0;
      seen.set(message, nth + 1);
      // A handler without a plan has not passed the boot, or is of another subprotocol: it does not exist.
      const plan = plans.get(message as string)?.[nth];
      if (plan === undefined || !existsIn(plan, socket.connection.wire)) continue;
      const isObserved = socket.pipeline.engine.observer !== undefined;
      const steps = stepsOf(plan, isObserved);
      const { call } = plan;
      const direct: MessageHandler['callback'] = (data, _event, context) => call?.(client, data, context);
      socket.pipeline.bind({
        plan,
        steps,
        callback: call === undefined ? (callback as MessageHandler['callback']) : direct,
      });
    }
  }

  override bindClientDisconnect(client: WebSocket, callback: (code: number) => void): void {
    this.acceptor.socketOf(client)?.disconnects.push(callback);
  }

  override async close(server: unknown): Promise<void> {
    await this.#endpoints.get(server)?.close();
  }

  override async dispose(): Promise<void> {
    const { lifecycle, options } = this.runtime;
    const withinMs = Math.max(0, options.lifecycle.drainTimeoutMs - lifecycle.drainedForMs);
    for (const listener of this.#all) listener.dispose(withinMs);
    await Promise.all(this.#ownPorts.map(([, { server }]) => closeServer(server)));
    this.#listeners.clear();
    this.#attached.clear();
    this.#endpoints.clear();
  }

  /**
   * Makes sure that nobody else answers the same handshakes.
   *
   * @throws {SecureWsBootError} when another listener for upgrades is on a server and no path is left to it.
   */
  checkOtherListeners(): void {
    this.#isReady = true;
    for (const listener of this.#all) listener.checkOtherListeners();
  }

  /**
   * Serves the gateways without a port of their own on another server of the application too.
   *
   * @throws {SecureWsBootError} when another listener for upgrades is on it and no path is left to that one.
   */
  attach(server: Server): void {
    const first = this.#listenerOf(APPLICATION_PORT);
    if (server === first.server || this.#attached.has(server)) return;
    const listener = new UpgradeListener(server, this.runtime, this.acceptor, first);
    this.#attached.set(server, listener);
    if (this.#isReady) listener.checkOtherListeners();
  }

  /** Whether there are gateways that nobody can reach: on the application's server, and none listens. */
  get isUnreachable(): boolean {
    const first = this.#listeners.get(APPLICATION_PORT);
    return first !== undefined && this.#attached.size === 0 && !first.server.listening;
  }

  /** Opens the gateways' own ports. Called once the application is ready. */
  async listen(): Promise<void> {
    await Promise.all(this.#ownPorts.map(([port, { server }]) => listenOn(server, port, this.#hosts.get(port))));
  }

  get #all(): readonly UpgradeListener[] {
    return [...this.#listeners.values(), ...this.#attached.values()];
  }

  get #ownPorts(): readonly (readonly [port: number, UpgradeListener])[] {
    return [...this.#listeners].filter(([port]) => port !== APPLICATION_PORT);
  }

  /**
   * Nobody could connect to a port without TLS in production: better said at boot than by every handshake (TR-01).
   *
   * @throws {SecureWsBootError} where neither the application, nor a proxy in front, nor a loud option provides for it.
   */
  #checkOwnPort(port: number, applicationServer: object): void {
    const { transport, proxies } = this.runtime.options.handshake;
    if (!transport.isProduction || transport.allowPlaintext || proxies !== undefined) return;
    if (speaksTls(applicationServer)) return;
    const problem = 'has no TLS, and neither has the application: in production nobody could connect.';
    const fix = 'give NestFactory.create() httpsOptions, or name the proxy that speaks TLS in handshake.trustedProxies';
    throw new SecureWsBootError([{ where: `@WebSocketGateway(${port})`, problem, fix }]);
  }

  #listenerOf(port: number): UpgradeListener {
    const known = this.#listeners.get(port);
    if (known !== undefined) return known;
    const applicationServer = this.host.httpAdapter.getHttpServer() as object;
    if (port !== APPLICATION_PORT) this.#checkOwnPort(port, applicationServer);
    const server = port === APPLICATION_PORT ? (applicationServer as Server) : createOwnPortServer(applicationServer);
    const listener = new UpgradeListener(server, this.runtime, this.acceptor);
    this.#listeners.set(port, listener);
    return listener;
  }
}

async function listenOn(server: Server, port: number, host: string | undefined): Promise<void> {
  server.listen(port, host);
  // Rejects with the error of a port that is taken.
  await once(server, 'listening');
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
