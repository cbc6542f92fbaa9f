/** Anything that is given back when its connection ends. */
export interface Releasable {
  /** Its connection is accepted. */
  admitted?(): void;
  /** Gives it back. Calling it again does nothing. */
  release(): void;
}

/** What a {@link Reservation} tells the counters that it stands in. */
export interface ReservationCounters {
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
