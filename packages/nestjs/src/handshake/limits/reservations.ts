import { finding, type LimitFinding } from './limit-finding.js';
import type { ResolvedHandshakeLimitsOptions } from './limits.options.js';

/** Anything that is given back when its connection ends. */
export interface Releasable {
  /** Its connection is accepted. */
  admitted?(): void;
  /** Gives it back. Calling it again does nothing. */
  release(): void;
}

/** What a {@link Reservation} tells the counters that it stands in. */
interface ReservationCounters {
  /** The handshake is no longer pending. */
  onAdmitted(): void;
  /** The place is free. */
  onReleased(wasPending: boolean): void;
}

/**
 * One place in the process, for an address, from its handshake until its socket is gone.
 *
 * Put {@link release} on the socket's `close` event at once: that is the one place which every end passes through, be it a
 * refusal, an RST, `terminate()` or a throw (DR-03).
 */
export class Reservation implements Releasable {
  #state: 'pending' | 'open' | 'released' = 'pending';
  #held: Releasable[] = [];

  constructor(private readonly counters: ReservationCounters) {}

  /** Whether the place was given back. */
  get isReleased(): boolean {
    return this.#state === 'released';
  }

  /**
   * The identity is proved: the handshake is no longer pending.
   *
   * @returns `false` when the place was released meanwhile, because the socket is gone: nothing may be accepted then.
   */
  admit(): boolean {
    if (this.#state === 'pending') {
      this.#state = 'open';
      this.counters.onAdmitted();
      for (const lease of this.#held) lease.admitted?.();
    }
    return this.#state === 'open';
  }

  /** Ties something to the place, to be released with it; at once if that has already happened. */
  hold(lease: Releasable): void {
    if (this.#state === 'released') lease.release();
    else this.#held.push(lease);
  }

  /** Gives everything back. Calling it again does nothing. */
  release(): void {
    if (this.#state === 'released') return;
    const wasPending = this.#state === 'pending';
    this.#state = 'released';
    this.counters.onReleased(wasPending);
    const held = this.#held;
    this.#held = [];
    for (const lease of held) lease.release();
  }
}

/** What one address holds. */
interface AddressCounts {
  pending: number;
  /** The pending ones included. */
  total: number;
  /** What is still verified for clients that are gone. */
  working: number;
}

const NOTHING: AddressCounts = Object.freeze({ pending: 0, total: 0, working: 0 });

/** The answer to {@link Reservations.reserve}. */
export interface ReservationOutcome {
  /** The place; `undefined` when there is none, and `finding` says why. */
  readonly reservation: Reservation | undefined;
  /** The limit that was met. Beside a reservation it only reports. */
  readonly finding: LimitFinding | undefined;
}

/** Which limits {@link Reservations} keeps. */
export type ReservationLimits = Pick<
  ResolvedHandshakeLimitsOptions,
  'mode' | 'maxPending' | 'maxPendingPerAddress' | 'maxOpen' | 'maxOpenPerAddress'
>;

/**
 * Counts the handshakes and connections of this process, in all and by address (DR-03, DR-04).
 *
 * A pending handshake already takes its place among the open ones: checking first and counting after the credential was
 * verified would let as many in as can be verified at once.
 *
 * Nothing here needs a bound of its own: an address is remembered while it holds a place, and places are bounded.
 */
export class Reservations {
  readonly #addresses = new Map<string, AddressCounts>();
  #pending = 0;
  #total = 0;
  #working = 0;

  constructor(private readonly limits: ReservationLimits) {}

  /** Handshakes that wait for their credentials, and what is verified without one. */
  get pending(): number {
    return this.#pending + this.#working;
  }

  /** Whether as much is being verified as may be at once. */
  get isBusy(): boolean {
    return this.pending >= this.limits.maxPending;
  }

  /** Accepted connections. */
  get open(): number {
    return this.#total - this.#pending;
  }

  /** Addresses that hold a place. */
  get addresses(): number {
    return this.#addresses.size;
  }

  /**
   * Whether the process is full, for the first step of the handshake, which knows no address yet.
   *
   * @returns the finding to refuse with; `undefined` when there is room.
   */
  checkProcess(): LimitFinding | undefined {
    if (this.isBusy) return finding('overloaded', 'maxPending', true);
    return this.#total >= this.limits.maxOpen ? finding('overloaded', 'maxOpen', true) : undefined;
  }

  /**
   * Takes a place, or none. All caps are checked and counted in one step that nothing can come between.
   *
   * @param addressKey of `addressKey()`.
   */
  reserve(addressKey: string): ReservationOutcome {
    const { maxPendingPerAddress, maxOpenPerAddress, mode } = this.limits;
    const { pending, total, working } = this.#addresses.get(addressKey) ?? NOTHING;
    let met = this.checkProcess();
    if (pending + working >= maxPendingPerAddress) met ??= finding('address-pending', 'maxPendingPerAddress', true);
    if (total >= maxOpenPerAddress) met ??= finding('address-connections', 'maxOpenPerAddress', mode === 'enforce');
    return { reservation: met?.enforced === true ? undefined : this.#take(addressKey), finding: met };
  }

  /**
   * Counts a verification without a handshake as a pending one, until its answer is called, once: a credential or a challenge
   * is still looked up somewhere when its client has reset, and resets must not pile that up.
   *
   * @param addressKey where it also counts for an address.
   */
  work(addressKey?: string): () => void {
    const counts = addressKey === undefined ? undefined : this.#countsOf(addressKey);
    if (counts !== undefined) counts.working++;
    this.#working++;
    return () => {
      this.#working--;
      if (counts === undefined || addressKey === undefined) return;
      counts.working--;
      this.#forget(addressKey, counts);
    };
  }

  #countsOf(addressKey: string): AddressCounts {
    let counts = this.#addresses.get(addressKey);
    if (counts === undefined) this.#addresses.set(addressKey, (counts = { ...NOTHING }));
    return counts;
  }

  #forget(addressKey: string, { total, working }: AddressCounts): void {
    if (total + working === 0) this.#addresses.delete(addressKey);
  }

  #take(addressKey: string): Reservation {
    const taken = this.#countsOf(addressKey);
    taken.pending++;
    taken.total++;
    this.#pending++;
    this.#total++;
    const endPending = (): void => {
      taken.pending--;
      this.#pending--;
    };
    return new Reservation({
      onAdmitted: endPending,
      onReleased: (wasPending) => {
        if (wasPending) endPending();
        taken.total--;
        this.#total--;
        this.#forget(addressKey, taken);
      },
    });
  }
}
