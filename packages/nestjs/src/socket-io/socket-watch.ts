import { Injectable } from '@nestjs/common';
import type { RevocableConnection } from '../lifecycle/revocation/revocation-watch.js';
import { SecureWsRuntime } from '../secure-ws.runtime.js';
import type { ForeignSocket } from './foreign-client.js';
import { type SocketWatchParts, WatchedSocket } from './watched-socket.js';
import { WsSocketIdentities } from './ws-socket-identities.js';

/**
 * Knows the sockets of another adapter, and ends them: as their identities expire (SL-02) or are revoked (SL-04), and those
 * that have none. No message may come for a long time, and the rooms and streams that they are in are no business of a guard.
 */
@Injectable()
export class SocketWatch {
  readonly #watched = new WeakMap<object, WatchedSocket>();
  /** For revocations, which have to find them. */
  readonly #all = new Set<WatchedSocket>();
  readonly #parts: SocketWatchParts;

  /** @internal */
  constructor(
    runtime: SecureWsRuntime,
    private readonly identities: WsSocketIdentities,
  ) {
    const { timer, clock, faults, revocationWatch } = runtime;
    this.#parts = {
      ...{ timer, clock, faults },
      forget: (socket) => identities.forget(socket),
      onGone: (watched) => this.#all.delete(watched),
    };
    revocationWatch.watchAlso(() => this.#known());
    identities.onKnown((socket, principal) => {
      const watched = this.#watch(socket);
      watched.become(principal);
      // It may have been revoked since the store was asked.
      revocationWatch.check(watched);
    });
    // Of one that was never known the middleware decides whether it is accepted; it is looked at then.
    identities.onChange((socket) => this.#watched.get(socket)?.become(undefined));
  }

  /**
   * The other adapter has accepted a socket, and told the gateways of it. Called for each of them.
   *
   * @param socket what they see as their client.
   */
  onConnected(socket: unknown): void {
    if (typeof socket !== 'object' || socket === null) return;
    const { identities } = this;
    const isNew = !this.#watched.has(socket);
    const watched = this.#watch(socket);
    const isNameless = identities.principalOf(socket) === undefined && !identities.isPending(socket);
    // Socket.IO has put it back into its rooms, and asked nobody who it is.
    if (isNameless && (socket as ForeignSocket).recovered === true) watched.close();
    else if (isNew) watched.become(identities.principalOf(socket));
    else watched.accepted();
  }

  #watch(socket: object): WatchedSocket {
    let watched = this.#watched.get(socket);
    if (watched === undefined) {
      watched = new WatchedSocket(socket as ForeignSocket, this.#parts);
      this.#watched.set(socket, watched);
      this.#all.add(watched);
    }
    return watched;
  }

  *#known(): Iterable<RevocableConnection> {
    for (const watched of this.#all) if (watched.isKnown) yield watched;
  }
}
