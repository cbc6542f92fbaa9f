import type { HandshakeLimitName, LimitFinding } from './limit-finding.js';
import type { ResolvedHandshakeLimitsOptions } from './limits.options.js';
import { Reservation } from './reservation.js';

/** Long enough that a refused client does not come back at once, short enough that a place that got free is used. */
const RETRY_AFTER_MS = 5000;

/** What one address holds. */
interface AddressCounts {
  pending: number;
  /** The pending ones included. */
  total: number;
}

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

  constructor(private readonly limits: ReservationLimits) {}

  /** Handshakes that wait for their credentials. */
  get pending(): number {
    return this.#pending;
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
    if (this.#pending >= this.limits.maxPending) return enforced('process-pending', 'maxPending');
    return this.#total >= this.limits.maxOpen ? enforced('process-open', 'maxOpen') : undefined;
  }

  /**
   * Takes a place, or none. All caps are checked and counted in one step that nothing can come between.
   *
   * @param addressKey of `addressKey()`.
   */
  reserve(addressKey: string): ReservationOutcome {
    const { maxPendingPerAddress, maxOpenPerAddress, mode } = this.limits;
    const { pending, total } = this.#addresses.get(addressKey) ?? { pending: 0, total: 0 };
    let finding = this.checkProcess();
    if (finding === undefined && pending >= maxPendingPerAddress) {
      finding = enforced('address-pending', 'maxPendingPerAddress');
    }
    if (finding === undefined && total >= maxOpenPerAddress) {
      finding = { ...enforced('address-open', 'maxOpenPerAddress'), enforced: mode === 'enforce' };
    }
    return { reservation: finding?.enforced === true ? undefined : this.#take(addressKey), finding };
  }

  #take(addressKey: string): Reservation {
    let counts = this.#addresses.get(addressKey);
    if (counts === undefined) this.#addresses.set(addressKey, (counts = { pending: 0, total: 0 }));
    const taken = counts;
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
        if (taken.total === 0) this.#addresses.delete(addressKey);
      },
    });
  }
}

function enforced(limit: HandshakeLimitName, option: string): LimitFinding {
  return { limit, option: `handshake.limits.${option}`, enforced: true, retryAfterMs: RETRY_AFTER_MS };
}
