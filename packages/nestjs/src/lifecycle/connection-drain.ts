import type { SecurityEvents } from '../events/security-events.js';
import { withDeadline } from '../core/awaitable.js';
import type { Clock } from '../core/clock.js';
import type { ResolvedLifecycleOptions } from './lifecycle.options.js';
import type { ManagedConnection } from './managed-connection.js';

/** How many connections are told to leave at once; the next ones follow a second later. */
const DRAIN_BATCH = 500;

const BATCH_INTERVAL_MS = 1000;

/** Within how many milliseconds clients are told to come back, each at a moment of its own (DR-21). */
const RETRY_SPREAD_MS = 5000;

/**
 * Ends every connection of a process that shuts down: each one finishes the handler that runs, is closed with 1012 and a
 * hint when to come back, and is waited for. Batches keep the clients from coming back all at once.
 */
export class ConnectionDrain {
  /** What else is told of the beginning. */
  readonly onBegin: (() => void)[] = [];
  /** What is waited for when the connections are gone. */
  readonly onGone: (() => Promise<void>)[] = [];
  /** In milliseconds; 0 before the end. */
  tookMs = 0;
  #running: Promise<void> | undefined;
  #hasBegun = false;

  constructor(
    private readonly clock: Clock,
    private readonly options: ResolvedLifecycleOptions,
    private readonly connections: () => Iterable<ManagedConnection>,
    private readonly events: SecurityEvents,
  ) {}

  /** Whether the process has been told to leave: it may be in service for a while yet. */
  get isAnnounced(): boolean {
    return this.#running !== undefined;
  }

  /** Whether the process is leaving. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Ends when every connection is gone, or the time for it is over. Calling it again waits for the same end. */
  run(): Promise<void> {
    return (this.#running ??= this.#drain());
  }

  async #drain(): Promise<void> {
    const { drainDelayMs } = this.options;
    if (drainDelayMs > 0) await new Promise<void>((resolve) => void this.clock.after(drainDelayMs, resolve));
    this.#hasBegun = true;
    const startedAt = this.clock.monotonic();
    let terminated = 0;
    for (const begin of this.onBegin) begin();
    this.events.emit({ type: 'ws.drain.started', connections: [...this.connections()].length });
    const closing = this.#closeAll().then(() => 'closed');
    if ((await withDeadline(closing, this.options.drainTimeoutMs, this.clock, 'late')) === 'late') {
      for (const connection of this.connections()) {
        terminated++;
        connection.socket.terminate();
      }
    }
    this.tookMs = this.clock.monotonic() - startedAt;
    this.events.emit({ type: 'ws.drain.finished', durationMs: this.tookMs, terminated });
  }

  async #closeAll(): Promise<void> {
    await closeInBatches([...this.connections()], 'RESTART', this.clock);
    await Promise.all(this.onGone.map((work) => work()));
  }
}

/**
 * Closes connections once their running handlers are done, with a hint when to come back, in batches: the clients must not
 * come back all at once (DR-21). Ends when all of them are gone.
 */
export async function closeInBatches(
  connections: readonly ManagedConnection[],
  code: 'RESTART' | 'RECONNECT',
  clock: Clock,
): Promise<void> {
  const gone: Promise<void>[] = [];
  for (let first = 0; first < connections.length; first += DRAIN_BATCH) {
    if (first > 0) await new Promise<void>((resolve) => void clock.after(BATCH_INTERVAL_MS, resolve));
    for (const connection of connections.slice(first, first + DRAIN_BATCH)) gone.push(leave(connection, code));
  }
  await Promise.all(gone);
}

function leave(connection: ManagedConnection, code: 'RESTART' | 'RECONNECT'): Promise<void> {
  return new Promise((resolve) => {
    if (connection.socket.readyState === connection.socket.CLOSED) {
      resolve();
      return;
    }
    connection.socket.once('close', () => resolve());
    const close = (): void => connection.close(code, Math.random() * RETRY_SPREAD_MS);
    try {
      if (connection.work === undefined) close();
      else connection.work.finish(close);
    } catch {
      close();
    }
  });
}
