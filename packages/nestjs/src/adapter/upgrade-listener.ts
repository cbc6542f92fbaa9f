import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { SecureWsBootError } from '../core/boot-problems.js';
import { isForeignPath } from '../handshake/foreign-paths.js';
import type {
  HandshakeAdmission,
  HandshakeDecision,
  HandshakeEndpoint,
  HandshakeInvitation,
} from '../handshake/handshake-context.js';
import { HandshakeObservation, observesHandshakes } from '../handshake/handshake-observation.js';
import { type HandshakeRefusal, refuse } from '../handshake/handshake-refusal.js';
import { refuseUpgrade } from '../handshake/refuse-upgrade.js';
import { isPromiseLike } from '../core/awaitable.js';
import type { SecureWsRuntime } from '../secure-ws.runtime.js';
import type { ConnectionAcceptor } from './connection-acceptor.js';
import { FirstMessages } from './first-messages.js';
import { HandshakeAudit } from './handshake-audit.js';
import { ABANDONED, admittedAs, refusedFor } from './handshake-end.js';
import { ServerSockets } from './server-sockets.js';
import type { WsEndpoint } from './ws-endpoint.js';

/** An upgrade whose handshake is being decided about. */
interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  /** What is measured of it; `undefined` where nobody observes. */
  readonly observation: HandshakeObservation | undefined;
}

type OnUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Answers the `upgrade` events of one HTTP server: asks the guard, then refuses or hands the socket on. */
export class UpgradeListener {
  readonly #audit: HandshakeAudit;
  readonly #firstMessages: FirstMessages;
  readonly #endpoints: Map<string, WsEndpoint>;
  readonly #pending = new Map<Duplex, Upgrade>();
  readonly #sockets: ServerSockets;
  /** Begins to measure a handshake; `undefined` where nobody observes. */
  readonly #observe: ((request: IncomingMessage) => HandshakeObservation) | undefined;
  /** The listeners of others: they are given what comes to their paths, and nothing else. */
  #others: OnUpgrade[] = [];

  constructor(
    readonly server: Server,
    private readonly runtime: SecureWsRuntime,
    private readonly acceptor: ConnectionAcceptor,
    /** Has the same endpoints, on another server. */
    first?: UpgradeListener,
  ) {
    this.#endpoints = first === undefined ? new Map<string, WsEndpoint>() : first.#endpoints;
    this.#audit = new HandshakeAudit(runtime);
    this.#firstMessages = new FirstMessages(runtime, acceptor, this.#audit);
    this.#sockets = new ServerSockets(server, runtime.clock, runtime.options.handshake.limits.maxPending);
    const { observer, clock } = runtime;
    if (observesHandshakes(observer)) this.#observe = (request) => new HandshakeObservation(observer, request, clock);
    runtime.timer.onTick((now) => this.#sockets.expire(now));
    runtime.lifecycle.onDraining(() => this.#refusePending());
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
      const where = 'handshake.foreignPaths';
      const problem = `lists ${path}, which is the path of a gateway: nothing would be checked there.`;
      throw new SecureWsBootError([{ where, problem, fix: `remove '${path}' from the list` }]);
    }
    this.#endpoints.set(path, (endpoint = make()));
    return endpoint;
  }

  /**
   * Makes sure that nobody else answers the same handshakes: from now on a listener of another gets only those of
   * `handshake.foreignPaths`. A `WebSocketServer({ server, path })` answers 400 to every path that is not its own (F37).
   * Called once, when the application is ready.
   *
   * @throws {SecureWsBootError} when another listener for upgrades is on the server and no path is left to it.
   */
  checkOtherListeners(): void {
    if (!this.#hasOtherListeners || this.runtime.options.handshake.foreignPaths.size > 0) {
      this.#takeOver();
      this.server.on('newListener', this.#onNewListener);
      return;
    }
    throw new SecureWsBootError([
      {
        where: 'handshake.foreignPaths',
        problem: 'names no path, but another listener for upgrades is on the same server: both would answer.',
        fix: "handshake.foreignPaths: ['/graphql'], or give the other one a server of its own",
      },
    ]);
  }

  /**
   * Takes no further handshake, and ends whatever is connected to the server: at once where it asks for nothing, after
   * `withinMs` at the latest. A single silent connection would otherwise keep the process from ending (DR-21).
   */
  dispose(withinMs: number): void {
    this.server.off('upgrade', this.#onUpgrade);
    this.server.off('newListener', this.#onNewListener);
    for (const listener of this.#others.splice(0)) this.server.on('upgrade', listener);
    this.#refusePending();
    this.#sockets.close(withinMs);
  }

  /** Whoever waits for the end of its checks is told to come back, instead of being cut off with the process. */
  #refusePending(): void {
    for (const upgrade of this.#pending.values()) this.#refuse(refuse('not-ready'), upgrade);
    this.#pending.clear();
  }

  get #hasOtherListeners(): boolean {
    return this.#others.length > 0 || this.server.listenerCount('upgrade') > 1;
  }

  #takeOver(): void {
    for (const listener of this.server.rawListeners('upgrade') as OnUpgrade[]) {
      if (listener === this.#onUpgrade) continue;
      this.server.off('upgrade', listener);
      this.#others.push(listener);
    }
  }

  readonly #onNewListener = (event: string | symbol): void => {
    // Told before it is added.
    if (event === 'upgrade') queueMicrotask(() => this.#takeOver());
  };

  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    this.#sockets.onRequest(request);
    if (this.#isForeign(request)) {
      for (const listener of this.#others) listener.call(this.server, request, socket, head);
      return;
    }
    // First of all: a reset while anything below waits would otherwise be an uncaught exception (HS-17).
    socket.on('error', ignore);
    const { guard } = this.runtime;
    const observation = this.#observe?.(request);
    const upgrade: Upgrade = { request, socket, head, observation };
    const decision = guard.decide({
      ...{ request, socket, observation },
      endpointAt: this.#endpointAt,
      observer: this.#audit,
    });
    if (!isPromiseLike(decision)) {
      this.#conclude(decision, upgrade);
      return;
    }
    // Nothing reads the socket meanwhile: early frames stay with the kernel, and are neither handled nor lost (HS-16).
    this.#pending.set(socket, upgrade);
    void decision.then((decided) => {
      if (this.#pending.delete(socket)) this.#conclude(decided, upgrade);
      // Refused meanwhile.
      else if (decided.admitted) decided.release();
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
    const { settings, authenticators, spoken } = endpoint.runtime;
    const { origins, anonymous: admitsAnonymous, firstMessage: admitsFirstMessage } = settings;
    const gateways = endpoint.gateways.map(({ gateway }) => gateway);
    const { revokedCertificates } = this.runtime;
    const subprotocols = spoken.names;
    return {
      gateways,
      subprotocols,
      origins,
      authenticators,
      revokedCertificates,
      admitsAnonymous,
      admitsFirstMessage,
    };
  };

  #conclude(decision: HandshakeDecision, upgrade: Upgrade): void {
    if (!decision.admitted) {
      this.#refuse(decision, upgrade);
    } else if (!this.runtime.admitsHandshakes) {
      // Draining may have begun while the credential was verified.
      decision.release();
      this.#refuse(refuse('not-ready'), upgrade);
    } else {
      this.#admit(decision, upgrade);
    }
  }

  #admit(admission: HandshakeAdmission | HandshakeInvitation, { request, socket, head, observation }: Upgrade): void {
    const endpoint = this.#endpoints.get(admission.path);
    let isAccepted = false;
    try {
      endpoint?.upgrade(request, socket, head, admission, (client) => {
        isAccepted = true;
        if (admission.principal === undefined) {
          observation?.pause();
          this.#firstMessages.invite(endpoint, client, request, admission, observation);
          return;
        }
        this.acceptor.accept(endpoint, client, request, admission);
        observation?.end(admittedAs(admission));
      });
    } catch (cause) {
      this.runtime.faults.write('upgrade', '', cause);
      isAccepted = false;
    }
    if (isAccepted) return;
    // The client went away meanwhile, or accepting it failed: nothing will come of this socket.
    observation?.end({ ...ABANDONED, path: admission.path });
    admission.release();
    socket.destroy();
  }

  #refuse(refusal: HandshakeRefusal, { request, socket, observation }: Upgrade): void {
    refuseUpgrade(socket, refusal, this.runtime.clock);
    this.#audit.onRefused(refusal, request);
    observation?.end(refusedFor(refusal));
  }
}

function ignore(): void {
  // The 'close' that follows is all that matters.
}
