import type { Deadline } from '../../core/deadline-list.js';
import type { Awaitable } from '../../core/awaitable.js';
import type { SecureWsStore } from '../../store/secure-ws.store.js';
import type { Releasable } from './reservation.js';

/** How long a node that died keeps its connections' places, in milliseconds. */
export const LEASE_TTL_MS = 60_000;

/** What a {@link PrincipalLease} tells its owner. */
export interface PrincipalLeaseOwner {
  onReleased(lease: PrincipalLease): void;
  /** Another connection has the place now: this one must be closed. */
  onReplaced(connectionId: string): void;
}

/** The places of one connection among those of its principal, log-in and API key. */
export class PrincipalLease implements Releasable, Deadline {
  due = 0;
  previous: Deadline | undefined;
  next: Deadline | undefined;
  readonly #keys: string[] = [];
  #isReleased = false;
  #renewedAt: number;

  constructor(
    private readonly store: SecureWsStore,
    readonly connectionId: string,
    private readonly owner: PrincipalLeaseOwner,
    now: number,
  ) {
    this.#renewedAt = now;
  }

  /** Notes a place that the store granted. */
  add(key: string): void {
    this.#keys.push(key);
  }

  /** Prolongs every place. */
  renew(now: number): void {
    const lapsed = now - this.#renewedAt >= LEASE_TTL_MS;
    for (const key of this.#keys) void settle(() => this.#renewOne(key, now, lapsed));
  }

  /** Gives every place back. Calling it again does nothing. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.owner.onReleased(this);
    for (const key of this.#keys) void settle(() => this.store.release(key, this.connectionId));
  }

  async #renewOne(key: string, now: number, lapsed: boolean): Promise<void> {
    const { store, connectionId } = this;
    const isHeld = await store.renew(key, connectionId, LEASE_TTL_MS);
    // The connection ended while the store thought: what was just prolonged is given back once more.
    if (this.#isReleased) return store.release(key, connectionId);
    if (!isHeld && !lapsed) return this.owner.onReplaced(connectionId);
    // After an outage of the store the place is gone but the connection is not: it counts again, whatever the limit.
    if (!isHeld) await store.acquire(key, connectionId, Infinity, LEASE_TTL_MS);
    if (this.#isReleased) return store.release(key, connectionId);
    this.#renewedAt = Math.max(this.#renewedAt, now);
  }
}

/** A store that has no answer must not end the process; what could not be given back lapses by itself. */
async function settle(work: () => Awaitable<unknown>): Promise<void> {
  try {
    await work();
  } catch {
    // Nothing is lost: the next renewal tries again, and a lease without one lapses.
  }
}
