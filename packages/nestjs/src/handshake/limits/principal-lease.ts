import type { Deadline } from '../../core/deadline-list.js';
import type { Linked } from '../../core/linked-list.js';
import type { Lease } from '../../store/secure-ws.store.js';
import type { Releasable } from './reservation.js';

/** How long a node that died keeps its connections' places, in milliseconds. */
export const LEASE_TTL_MS = 60_000;

/** What a {@link PrincipalLease} tells its owner. */
export interface PrincipalLeaseOwner {
  onAdmitted(lease: PrincipalLease): void;
  onReleased(lease: PrincipalLease): void;
}

/** The places of one connection among those of its principal, log-in and API key. */
export class PrincipalLease implements Releasable, Deadline, Lease {
  due = 0;
  previous: Linked | undefined;
  next: Linked | undefined;
  #isReleased = false;

  constructor(
    /** The id of the connection. */
    readonly holder: string,
    readonly keys: readonly string[],
    /** The connections that lost their place for this one, to be closed once it is admitted. */
    readonly replaced: readonly string[],
    private readonly owner: PrincipalLeaseOwner,
  ) {}

  /** Whether the places were given back. */
  get isReleased(): boolean {
    return this.#isReleased;
  }

  /** The connection is accepted: whom it replaced must go. */
  admitted(): void {
    if (!this.#isReleased) this.owner.onAdmitted(this);
  }

  /** Gives every place back. Calling it again does nothing. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.owner.onReleased(this);
  }
}
