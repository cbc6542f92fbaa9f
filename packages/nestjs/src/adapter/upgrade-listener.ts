import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HandshakeAdmission, HandshakeDecision } from '../handshake/handshake-context.js';
import { type HandshakeRefusal, refuse } from '../handshake/handshake-refusal.js';
import { refuseUpgrade } from '../handshake/refuse-upgrade.js';
import { isPromiseLike } from '../internal/promise.js';
import type { OwaspEventName } from '../events/security-event.js';
import type { SecureWsRuntime } from '../secure-ws.runtime.js';
import type { ConnectionAcceptor } from './connection-acceptor.js';
import type { WsEndpoint } from './ws-endpoint.js';

const MAX_AUDITED_ORIGIN = 200;

/** Answers the `upgrade` events of one HTTP server: asks the guard, then refuses or hands the socket on. */
export class UpgradeListener {
  readonly #endpoints = new Map<string, WsEndpoint>();
  readonly #pending = new Set<Duplex>();
  readonly #isPath = (path: string): boolean => this.#endpoints.has(path);

  constructor(
    readonly server: Server,
    private readonly runtime: SecureWsRuntime,
    private readonly acceptor: ConnectionAcceptor,
  ) {
    server.on('upgrade', this.#onUpgrade);
  }

  /** The endpoint of a path, made on first use: two spellings of one path share it. */
  endpointOf(path: string, make: () => WsEndpoint): WsEndpoint {
    let endpoint = this.#endpoints.get(path);
    if (endpoint === undefined) this.#endpoints.set(path, (endpoint = make()));
    return endpoint;
  }

  /** Stops listening and ends the handshakes that are under way. */
  dispose(): void {
    this.server.off('upgrade', this.#onUpgrade);
    for (const socket of this.#pending) socket.destroy();
    this.#pending.clear();
  }

  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // First of all: a reset while anything below waits would otherwise be an uncaught exception (HS-17).
    socket.on('error', ignore);
    const decision = this.runtime.guard.decide({ request, socket, isPath: this.#isPath });
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

  #conclude(decision: HandshakeDecision, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (!decision.admitted) this.#refuse(decision, request, socket);
    // Draining may have begun while the credential was verified.
    else if (!this.runtime.isReady) this.#refuse(refuse('not-ready'), request, socket);
    else this.#admit(decision, request, socket, head);
  }

  #admit(admission: HandshakeAdmission, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const endpoint = this.#endpoints.get(admission.path);
    if (endpoint === undefined) return;
    try {
      endpoint.upgrade(request, socket, head, admission.subprotocol, (client) => {
        this.acceptor.accept(endpoint, client, request, admission);
      });
    } catch (cause) {
      this.runtime.faults.write('upgrade', '', cause);
      socket.destroy();
    }
  }

  #refuse(refusal: HandshakeRefusal, request: IncomingMessage, socket: Duplex): void {
    refuseUpgrade(socket, refusal, this.runtime.clock);
    const { origin } = request.headers;
    const { remoteAddress } = socket as Duplex & { remoteAddress?: string };
    this.runtime.events.emit({
      type: 'ws.handshake.refused',
      owasp: owaspNameOf(refusal),
      status: refusal.status,
      reason: refusal.reason,
      ...(refusal.failure === undefined ? {} : { failure: refusal.failure }),
      address: remoteAddress ?? '',
      ...(origin === undefined ? {} : { origin: origin.slice(0, MAX_AUDITED_ORIGIN) }),
    });
    if (refusal.cause !== undefined) this.runtime.faults.write('handshake', '', refusal.cause);
  }
}

function owaspNameOf({ reason, failure }: HandshakeRefusal): OwaspEventName {
  if (failure === 'expired') return 'session_use_after_expire';
  if (failure !== undefined || reason === 'unauthenticated') return 'authn_login_fail';
  return reason.startsWith('origin-') ? 'malicious_cors' : 'malicious_extraneous';
}

function ignore(): void {
  // The 'close' that follows is all that matters.
}
