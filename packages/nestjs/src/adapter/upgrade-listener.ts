import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { SecureWsBootError } from '../core/boot-problems.js';
import { isForeignPath } from '../handshake/foreign-paths.js';
import type { HandshakeAdmission, HandshakeDecision, HandshakeEndpoint } from '../handshake/handshake-context.js';
import { type HandshakeRefusal, refuse } from '../handshake/handshake-refusal.js';
import { refuseUpgrade } from '../handshake/refuse-upgrade.js';
import { isPromiseLike } from '../core/awaitable.js';
import type { SecureWsRuntime } from '../secure-ws.runtime.js';
import type { ConnectionAcceptor } from './connection-acceptor.js';
import { HandshakeAudit } from './handshake-audit.js';
import type { WsEndpoint } from './ws-endpoint.js';

/** How long a client may take for the head of its request, in milliseconds. */
const HEADERS_TIMEOUT_MS = 10_000;

/** Answers the `upgrade` events of one HTTP server: asks the guard, then refuses or hands the socket on. */
export class UpgradeListener {
  readonly #audit: HandshakeAudit;
  readonly #endpoints = new Map<string, WsEndpoint>();
  readonly #pending = new Set<Duplex>();
  readonly #admissions = new WeakMap<IncomingMessage, HandshakeAdmission>();

  constructor(
    readonly server: Server,
    private readonly runtime: SecureWsRuntime,
    private readonly acceptor: ConnectionAcceptor,
  ) {
    this.#audit = new HandshakeAudit(runtime);
    // Node's own default of a minute is a minute for whoever sends its head byte by byte (CWE-400, Slowloris). The deadline
    // of the handshake begins with the complete head.
    if (server.headersTimeout === 0 || server.headersTimeout > HEADERS_TIMEOUT_MS) {
      server.headersTimeout = HEADERS_TIMEOUT_MS;
    }
    server.on('upgrade', this.#onUpgrade);
  }

  /**
   * The endpoint of a path, made on first use: two spellings of one path share it.
   *
   * @throws {SecureWsBootError} for a path that `handshake.foreignPaths` gives to another listener.
   */
  endpointOf(path: string, make: () => WsEndpoint): WsEndpoint {
    let endpoint = this.#endpoints.get(path);
    if (endpoint !== undefined) return endpoint;
    if (this.runtime.options.handshake.foreignPaths.has(path)) {
      const problem = `lists ${path}, which is the path of a gateway: nothing would be checked there.`;
      throw new SecureWsBootError([
        { where: 'handshake.foreignPaths', problem, fix: `remove '${path}' from the list` },
      ]);
    }
    this.#endpoints.set(path, (endpoint = make()));
    endpoint.server.on('headers', this.#onHeaders);
    return endpoint;
  }

  /**
   * Makes sure that nobody else answers the same handshakes. Called once, when the application is ready.
   *
   * @throws {SecureWsBootError} when another listener for upgrades is on the server and no path is left to it.
   */
  checkOtherListeners(): void {
    if (!this.#hasOtherListeners || this.runtime.options.handshake.foreignPaths.size > 0) return;
    throw new SecureWsBootError([
      {
        where: 'handshake.foreignPaths',
        problem: 'names no path, but another listener for upgrades is on the same server: both would answer.',
        fix: "handshake.foreignPaths: ['/graphql'], or give the other one a server of its own",
      },
    ]);
  }

  /** Stops listening and ends the handshakes that are under way. */
  dispose(): void {
    this.server.off('upgrade', this.#onUpgrade);
    for (const socket of this.#pending) socket.destroy();
    this.#pending.clear();
  }

  get #hasOtherListeners(): boolean {
    return this.server.listenerCount('upgrade') > 1;
  }

  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (this.#isForeign(request)) return;
    // First of all: a reset while anything below waits would otherwise be an uncaught exception (HS-17).
    socket.on('error', ignore);
    const { guard } = this.runtime;
    const decision = guard.decide({ request, socket, endpointAt: this.#endpointAt, observer: this.#audit });
    if (!isPromiseLike(decision)) {
      this.#conclude(decision, request, socket, head);
      return;
    }
    // Nothing reads the socket meanwhile: early frames stay with the kernel, and are neither handled nor lost (HS-16).
    this.#pending.add(socket);
    void decision.then((decided) => {
      this.#pending.delete(socket);
      this.#conclude(decided, request, socket, head);
    });
  };

  /** Whether an upgrade is another listener's. Where there is none, nobody would ever answer it: it is ours then. */
  #isForeign(request: IncomingMessage): boolean {
    if (!this.#hasOtherListeners) return false;
    const { foreignPaths } = this.runtime.options.handshake;
    if (foreignPaths.size === 0) this.#audit.onForeignListener();
    return isForeignPath(request.url ?? '', foreignPaths);
  }

  readonly #endpointAt = (path: string): HandshakeEndpoint | undefined => {
    const endpoint = this.#endpoints.get(path);
    if (endpoint === undefined) return undefined;
    const { settings, authenticators } = endpoint.runtime;
    const { origins, anonymous: admitsAnonymous } = settings;
    return { gateways: endpoint.gateways.map(({ gateway }) => gateway), origins, authenticators, admitsAnonymous };
  };

  /** Adds to the `101` that `ws` is about to write. */
  readonly #onHeaders = (lines: string[], request: IncomingMessage): void => {
    // OWASP ASVS 5.0 14.3.2: no cache between us and the client may keep anything of it.
    lines.push('Cache-Control: no-store');
    for (const [name, value] of this.#admissions.get(request)?.fields ?? []) lines.push(`${name}: ${value}`);
  };

  #conclude(decision: HandshakeDecision, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (!decision.admitted) {
      this.#refuse(decision, request, socket);
    } else if (!this.runtime.isReady) {
      // Draining may have begun while the credential was verified.
      decision.release();
      this.#refuse(refuse('not-ready'), request, socket);
    } else {
      this.#admit(decision, request, socket, head);
    }
  }

  #admit(admission: HandshakeAdmission, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const endpoint = this.#endpoints.get(admission.path);
    let isAccepted = false;
    try {
      this.#admissions.set(request, admission);
      endpoint?.upgrade(request, socket, head, admission.subprotocol, (client) => {
        isAccepted = true;
        this.acceptor.accept(endpoint, client, request, admission);
      });
    } catch (cause) {
      this.runtime.faults.write('upgrade', '', cause);
      isAccepted = false;
    }
    if (isAccepted) return;
    // The client went away meanwhile, or accepting it failed: nothing will come of this socket.
    admission.release();
    socket.destroy();
  }

  #refuse(refusal: HandshakeRefusal, request: IncomingMessage, socket: Duplex): void {
    refuseUpgrade(socket, refusal, this.runtime.clock);
    this.#audit.onRefused(refusal, request, socket);
  }
}

function ignore(): void {
  // The 'close' that follows is all that matters.
}
