import { failureRow } from '../authentication/authentication-failures.js';
import type { Principal } from '../core/principal.js';
import type { Clock } from '../core/clock.js';
import { randomId } from '../core/identifier.js';
import { andThen, type Awaitable, isPromiseLike, withDeadline } from '../core/awaitable.js';
import type { Admission, SecureWsStore } from '../store/secure-ws.store.js';
import type { HandshakeContext } from './handshake-context.js';
import { type HandshakeRefusal, refuse } from './handshake-refusal.js';
import { addressKey } from '../core/address-key.js';
import { AddressLimits, type CredentialOf } from './limits/address-limits.js';
import { Invitations } from './limits/invitations.js';
import type { LimitFinding } from './limits/limit-finding.js';
import type { ResolvedHandshakeLimitsOptions } from './limits/limits.options.js';
import { PrincipalCaps, type PrincipalLease } from './limits/principal-caps.js';
import { Reservations } from './limits/reservations.js';

/** What {@link HandshakeLimits} is made of. */
export interface HandshakeLimitParts {
  readonly limits: ResolvedHandshakeLimitsOptions;
  readonly store: SecureWsStore;
  readonly clock: Clock;
  /** Closes a connection of this node whose place went to another one. Must not throw; an unknown id is to be ignored. */
  readonly onReplaced: (connectionId: string) => void;
  readonly penalty: HandshakePenalty;
}

/** What principals pay for the violations of their messages. */
export interface HandshakePenalty {
  /** The backoff that a handshake must not be in; `undefined` where nothing is counted. */
  of(principal: Principal, addressKey: string): Admission['backoff'];
  /** Lengthens what is left of it at random. */
  spread(delayMs: number): number;
}

type Outcome = HandshakeRefusal | undefined;

/** The limits of the handshake, as its steps ask them. */
export class HandshakeLimits {
  readonly #addresses: AddressLimits;
  readonly #reservations: Reservations;
  readonly #principals: PrincipalCaps;
  readonly #invitations = new Invitations();
  readonly #penalty: HandshakePenalty;
  readonly #clock: Clock;

  constructor({ limits, store, clock, onReplaced, penalty }: HandshakeLimitParts) {
    this.#addresses = new AddressLimits(store, limits, clock);
    this.#reservations = new Reservations(limits);
    this.#principals = new PrincipalCaps(store, limits, clock, onReplaced);
    this.#penalty = penalty;
    this.#clock = clock;
  }

  /** Handshakes that wait, and accepted connections, in this process. */
  get counts(): { readonly pending: number; readonly open: number } {
    const { pending, open } = this.#reservations;
    return { pending, open };
  }

  /** Prolongs what is leased. Called from the coarse timer with monotonic milliseconds. */
  tick(now: number): void {
    this.#principals.tick(now);
  }

  /** Whether the process has room. Knows no address yet, and costs a comparison. */
  checkProcess(context: HandshakeContext): Outcome {
    return this.#judge(context, this.#reservations.checkProcess());
  }

  /**
   * Counts the handshake for its address and takes a place for it, before anything is verified (HS-20).
   *
   * @param credentialOf asked only where the address is in backoff.
   */
  enter(context: HandshakeContext, credentialOf: CredentialOf): Awaitable<Outcome> {
    context.addressKey = addressKey(context.clientAddress);
    const hit = this.#addresses.hit(context.addressKey, credentialOf);
    if (!isPromiseLike(hit)) return this.#judge(context, hit) ?? this.#reserve(context);
    // Before the wait: otherwise as many could wait for a slow store as care to come.
    const refusal = this.#reserve(context);
    return hit.then((finding) => refusal ?? this.#judge(context, finding));
  }

  /** Charges a failed authentication to the address of its client (AN-10); every other refusal passes through. */
  charge(context: HandshakeContext, refusal: Outcome): Awaitable<Outcome> {
    if (refusal?.failure === undefined) return refusal;
    return andThen(this.#addresses.failed(context.addressKey, refusal.failure), () => refusal);
  }

  /** Charges what came of a verification, and remembers it for its credential. */
  verified(context: HandshakeContext, refusal: Outcome): Awaitable<Outcome> {
    const { addressKey: key, credential } = context;
    const failure = refusal?.failure;
    const isSettled = refusal === undefined || (failure !== undefined && failureRow(failure).isOfSender !== true);
    if (credential !== undefined && isSettled) this.#addresses.verified(key, credential, refusal === undefined);
    return this.charge(context, refusal);
  }

  /** Takes a place for the connection among those of its principal, unless that is revoked or must stay away. */
  join(context: HandshakeContext, principal: Principal): Awaitable<Outcome> {
    context.connectionId = randomId();
    const penalty = this.#penalty.of(principal, context.addressKey);
    const asked = this.#principals.acquire(principal, context.connectionId, penalty);
    return andThen(asked, ({ lease, finding, penaltyMs = 0, isRevoked = false }) => {
      if (lease === undefined) {
        // Not charged to the address: the credential is a real one, and no guess.
        if (isRevoked) return refuse('unauthenticated', { failure: 'revoked' });
        if (penaltyMs > 0) return refuse('principal-backoff', { retryAfterMs: this.#penalty.spread(penaltyMs) });
        return this.#judge(context, finding) ?? refuse('principal-connections');
      }
      context.lease = lease;
      context.reservation?.hold(lease);
      this.#judge(context, finding);
      return undefined;
    });
  }

  /** Takes one of the few places for clients that have still to say who they are (DR-04). */
  invite(context: HandshakeContext): Outcome {
    const place = this.#invitations.take(context.addressKey);
    if (place === undefined) return refuse('first-message-limit');
    context.invitation = place;
    context.reservation?.hold(place);
    return undefined;
  }

  /** Whether as much is being verified as may be at once. */
  get isBusy(): boolean {
    return this.#reservations.isBusy;
  }

  /**
   * Counts a verification that has no handshake, or none any more, as a pending one until it ends.
   *
   * @param forMs what does not end is no longer counted then; a hanging identity provider would else keep everybody out.
   */
  work(verification: Promise<unknown>, forMs: number, addressKey?: string): void {
    const end = this.#reservations.work(addressKey);
    void withDeadline(verification, forMs, this.#clock, undefined).then(end, end);
  }

  /** As {@link PrincipalCaps.move}. */
  move(lease: PrincipalLease, principal: Principal): Awaitable<boolean> {
    return this.#principals.move(lease, principal);
  }

  #reserve(context: HandshakeContext): Outcome {
    const { reservation, finding } = this.#reservations.reserve(context.addressKey);
    const refusal = this.#judge(context, finding);
    if (reservation === undefined) return refusal ?? refuse('overloaded');
    context.reservation = reservation;
    const { socket } = context.input;
    // The one place that every end passes through: refusal, reset, terminate, throw (DR-03).
    socket.on('close', () => reservation.release());
    if (socket.closed) reservation.release();
    return undefined;
  }

  #judge({ input, clientAddress }: HandshakeContext, finding: LimitFinding | undefined): Outcome {
    if (finding === undefined) return undefined;
    const { reason, enforced, option, retryAfterMs } = finding;
    input.observer.onLimit({ reason, option, enforced, address: clientAddress });
    return enforced ? refuse(reason, { retryAfterMs, option }) : undefined;
  }
}
