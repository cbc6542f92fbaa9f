import type { CloseCodeName } from '@secure-ws/protocol';
import type { Clock } from '../internal/clock.js';
import type { CoarseTimer } from './coarse-timer.js';
import { ConnectionDrain } from './connection-drain.js';
import type { ResolvedLifecycleOptions } from './lifecycle.options.js';
import type { ManagedConnection } from './managed-connection.js';
import type { WsConnection } from './ws-connection.js';

/** Which connections are meant; all of what is given must match. */
export interface WsConnectionFilter {
  readonly connectionId?: string;
  /** The `key` of a principal. */
  readonly principal?: string;
  readonly sessionId?: string;
  readonly address?: string;
  /** The path of a gateway. */
  readonly path?: string;
}

/** Knows every open connection, and watches over their deadlines. Injectable. */
export class WsConnectionLifecycleService {
  readonly #connections = new Map<string, ManagedConnection>();

  readonly #drain: ConnectionDrain;

  /** @internal */
  constructor(
    private readonly timer: CoarseTimer,
    clock: Clock,
    options: ResolvedLifecycleOptions,
  ) {
    this.#drain = new ConnectionDrain(clock, options, () => this.#connections.values());
  }

  /** Whether the application is shutting down: new handshakes get `503`. */
  get isDraining(): boolean {
    return this.#drain.hasBegun;
  }

  /**
   * Ends every connection: running handlers finish, and clients see 1012 with a hint when to come back. Called when the
   * application shuts down; call it earlier to take a node out of service. New handshakes get `503` from here on.
   */
  drain(): Promise<void> {
    return this.#drain.run();
  }

  /** How many connections are open. */
  get count(): number {
    return this.#connections.size;
  }

  /** The connections that match; all of them without a filter. */
  find(filter: WsConnectionFilter = {}): WsConnection[] {
    return [...this.#connections.values()].filter((connection) => matches(connection, filter));
  }

  /**
   * Closes the connections that match.
   *
   * @returns how many there were.
   */
  disconnect(filter: WsConnectionFilter, code: CloseCodeName): number {
    const found = this.find(filter);
    for (const connection of found) connection.close(code);
    return found.length;
  }

  /** @internal Takes charge of a connection. */
  register(connection: ManagedConnection): void {
    this.#connections.set(connection.id, connection);
    connection.onDeadlineMoved = (due) => {
      this.timer.schedule(connection, due);
    };
    this.timer.schedule(connection, connection.firstDue());
  }

  /** @internal Forgets a connection. */
  unregister(connection: ManagedConnection): void {
    this.#connections.delete(connection.id);
    this.timer.cancel(connection);
  }
}

function matches(connection: WsConnection, filter: WsConnectionFilter): boolean {
  return (
    (filter.connectionId === undefined || connection.id === filter.connectionId) &&
    (filter.principal === undefined || connection.principal.key === filter.principal) &&
    (filter.sessionId === undefined || connection.principal.sessionId === filter.sessionId) &&
    (filter.address === undefined || connection.address === filter.address) &&
    (filter.path === undefined || connection.path === filter.path)
  );
}
