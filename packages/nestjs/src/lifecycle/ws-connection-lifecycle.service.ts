import type { CloseCodeName } from '@secure-ws/protocol';
import type { SecurityEvents } from '../events/security-events.js';
import type { Clock } from '../core/clock.js';
import type { CoarseTimer } from './coarse-timer.js';
import { closeInBatches, ConnectionDrain } from './connection-drain.js';
import type { ResolvedLifecycleOptions } from './lifecycle.options.js';
import type { ManagedConnection } from './managed-connection.js';
import { giveUpUnsent } from '../core/give-up.js';
import { plainJson } from '../core/plain-json.js';
import { refuseReservedEvent } from '../core/reserved-event.js';
import type { OutputView, OutputWriter, WsSendOptions } from '../core/output.js';
import type { WsConnection, WsSendOutcome } from '../core/ws-connection.js';
import { matchesFilter, type WsConnectionFilter } from './connection-filter.js';

/** The figures of one connection. */
export interface WsConnectionFigures {
  readonly connectionId: string;
  /** The `key` of its principal. */
  readonly principal: string;
  /** The `tenant` of its principal. */
  readonly tenant: string | undefined;
  readonly path: string;
  readonly address: string;
  /** In milliseconds. */
  readonly ageMs: number;
  /** Milliseconds since the last message that counts against idleness. */
  readonly idleMs: number;
  readonly messagesReceived: number;
  readonly bytesReceived: number;
  readonly messagesSent: number;
  /** As they went out: with frame headers and control frames. */
  readonly bytesSent: number;
  /** Bytes that wait for the client to read. */
  readonly bufferedBytes: number;
  /** What the application has noted of it. */
  readonly labels: ReadonlyMap<string, string>;
}

/** How many connections a message was sent to, and what became of it at the others that were meant. */
export type WsSendCounts = Readonly<Record<WsSendOutcome, number>>;

/**
 * Knows every open connection of this node, and watches over their deadlines. What it finds and does is this node's alone: for all
 * nodes that share a store there is `WsCluster`. Injectable.
 */
export class WsConnectionLifecycleService {
  readonly #connections = new Map<string, ManagedConnection>();

  readonly #drain: ConnectionDrain;
  #revalidatedAt = -Infinity;

  /** @internal */
  constructor(
    private readonly timer: CoarseTimer,
    private readonly clock: Clock,
    options: ResolvedLifecycleOptions,
    events: SecurityEvents,
    private readonly outputs: OutputWriter,
  ) {
    this.#drain = new ConnectionDrain(clock, options, () => this.#connections.values(), events);
  }

  /** Whether the application has been told to leave: from then on it is not ready, see `lifecycle.drainDelayMs`. */
  get isLeaving(): boolean {
    return this.#drain.isAnnounced;
  }

  /** Whether the application is shutting down: new handshakes get `503`. */
  get isDraining(): boolean {
    return this.#drain.hasBegun;
  }

  /**
   * Ends every connection: running handlers finish, and clients see 1012 with a hint when to come back. Called when the
   * application shuts down; call it earlier to take a node out of service. New handshakes get `503` from here on, or once
   * `lifecycle.drainDelayMs` is over.
   */
  drain(): Promise<void> {
    return this.#drain.run();
  }

  /** @internal Calls `begin` when the drain begins. */
  onDraining(begin: () => void): void {
    this.#drain.onBegin.push(begin);
  }

  /** @internal Calls `work` when the connections are gone: the drain waits for it, as long as there is time. */
  onDrained(work: () => Promise<void>): void {
    this.#drain.onGone.push(work);
  }

  /** @internal How long the drain took, in milliseconds; 0 before its end. */
  get drainedForMs(): number {
    return this.#drain.tookMs;
  }

  /** @internal Every connection. */
  all(): readonly ManagedConnection[] {
    return [...this.#connections.values()];
  }

  /** How many connections are open at this node. */
  get count(): number {
    return this.#connections.size;
  }

  /** The connections of this node that match; all of them without a filter. */
  find(filter: WsConnectionFilter = {}): WsConnection[] {
    return [...this.#connections.values()].filter((connection) => matchesFilter(connection, filter));
  }

  /** How many connections of this node are open on each path. */
  countsByPath(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { path } of this.#connections.values()) counts.set(path, (counts.get(path) ?? 0) + 1);
    return counts;
  }

  /** The figures of the connections of this node that match; of all of them without a filter. */
  figures(filter: WsConnectionFilter = {}): WsConnectionFigures[] {
    const now = this.clock.monotonic();
    return [...this.#connections.values()]
      .filter((connection) => matchesFilter(connection, filter))
      .map((connection) => ({
        connectionId: connection.id,
        principal: connection.principal.key,
        tenant: connection.principal.tenant,
        path: connection.path,
        address: connection.address,
        ageMs: this.clock.now() - connection.openedAt,
        idleMs: now - connection.lastMessageAt,
        messagesReceived: connection.messagesReceived,
        bytesReceived: connection.bytesReceived,
        messagesSent: connection.messagesSent,
        bytesSent: connection.socket.bytesSent,
        bufferedBytes: connection.socket.bufferedAmount,
        labels: connection.labels,
      }));
  }

  /**
   * Closes the connections that match, on this node. It bans nobody: whoever has a good credential comes back at once. To keep
   * somebody out, or to end a session on all nodes, there is {@link WsRevocationService}; to close on all nodes, `WsCluster`.
   *
   * @returns how many there were.
   */
  disconnect(filter: WsConnectionFilter, code: CloseCodeName): number {
    const found = this.find(filter);
    for (const connection of found) connection.close(code);
    return found.length;
  }

  /**
   * Sends `{ event, data }` to the connections that match, on this node. It is serialised once for all who may see the same,
   * and bounded as everything that is sent: a client that does not read is closed with 4010, and holds up nobody.
   *
   * @param filter `{}` for all of them.
   * @param options `{ as: TheDto }` sends only what an output DTO exposes, to whom it exposes it.
   * @returns at how many connections it was `sent`, `queued`, `dropped` and `closed`, as {@link WsConnection.send} says.
   * @throws TypeError for the event `error`, and for one that begins with `$`: clients would take it for the module's.
   */
  send(filter: WsConnectionFilter, event: string, data?: unknown, options: WsSendOptions = {}): WsSendCounts {
    refuseReservedEvent(event, data);
    const viewOf = this.outputs.prepare('WsConnectionLifecycleService.send', event, data, options);
    const frames = new Map<OutputView, string | undefined>();
    const counts = { sent: 0, queued: 0, dropped: 0, closed: 0 };
    const sendTo = (connection: ManagedConnection): WsSendOutcome => {
      // One whose identity has ended is open until the next tick of the timer.
      if (!connection.isOpen || connection.isExpired) return 'closed';
      const view = viewOf(connection);
      if (view === undefined) return 'dropped';
      if (!frames.has(view)) frames.set(view, frameOf(event, view.data));
      const frame = frames.get(view);
      return frame === undefined ? 'dropped' : connection.sendFrame(frame, event);
    };
    for (const connection of this.all()) if (matchesFilter(connection, filter)) counts[sendTo(connection)]++;
    // Nobody was there, as on most nodes of a cluster: it was not written, and is not looked through either.
    if (frames.size === 0) giveUpUnsent(data);
    return counts;
  }

  /**
   * Asks clients of this node to come back, with 4003: running handlers finish, and the closes are spread over time like those of a drain.
   * `{ serverCertificate }` names those that connected under a certificate that was replaced (TR-04).
   *
   * @returns how many there were, when they are gone.
   */
  async reconnect(filter: WsConnectionFilter): Promise<number> {
    const found = [...this.#connections.values()].filter((connection) => matchesFilter(connection, filter));
    await closeInBatches(found, 'RECONNECT', this.clock);
    return found.length;
  }

  /**
   * Has the identities of the connections of this node that match revalidated now: roles were changed, an account was disabled. Who is asked
   * is `lifecycle.revalidation.revalidator`; new rights hold from the next message on.
   *
   * @returns how many there were.
   */
  revalidate(filter: WsConnectionFilter = {}): number {
    const found = [...this.#connections.values()].filter((connection) => matchesFilter(connection, filter));
    this.#revalidatedAt = this.clock.monotonic();
    for (const connection of found) connection.revalidate?.();
    return found.length;
  }

  /** @internal Milliseconds since somebody called {@link revalidate}: who is in a handshake then is not among those found. */
  get sinceRevalidationMs(): number {
    return this.clock.monotonic() - this.#revalidatedAt;
  }

  /** @internal Takes charge of a connection. */
  register(connection: ManagedConnection): void {
    this.#connections.set(connection.id, connection);
    const { deadlines } = connection;
    deadlines.onMoved = (due) => this.timer.schedule(deadlines, due);
    this.timer.schedule(deadlines, deadlines.firstDue());
  }

  /** @internal Forgets a connection. */
  unregister(connection: ManagedConnection): void {
    this.#connections.delete(connection.id);
    this.timer.cancel(connection.deadlines);
  }
}

function frameOf(event: string, data: unknown): string | undefined {
  try {
    return plainJson({ event, data });
  } catch {
    return undefined;
  }
}
