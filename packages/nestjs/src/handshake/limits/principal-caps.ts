import { andThen, type Awaitable, isPromiseLike } from '../../core/awaitable.js';
import type { Clock } from '../../core/clock.js';
import { type Deadline, DeadlineList } from '../../core/deadline-list.js';
import type { Linked } from '../../core/linked-list.js';
import { ANONYMOUS_KIND, type Principal } from '../../core/principal.js';
import type { ThrottleRule } from '../../core/rate-windows.js';
import {
  type Admission,
  type AdmissionAnswer,
  type Lease,
  type LeasePlace,
  type LeaseState,
  type SecureWsStore,
} from '../../store/secure-ws.store.js';
import { apiKeyKey, principalKey, revocationKeysOf, sessionKey } from '../../store/store-keys.js';
import { finding, type LimitFinding } from './limit-finding.js';
import type { ResolvedHandshakeLimitsOptions } from './limits.options.js';
import type { Releasable } from './reservations.js';

/** How often in its life a lease is renewed: one renewal may be lost, and the timer may be late. */
const RENEWALS = 3;

/** In how many ticks, of a quarter of a second, the leases of connections that came at once are renewed: a quarter of the time that there is. */
const RENEWAL_TICKS_PER_MS = 1 / 1000;
const MAX_RENEWAL_TICKS = 20;
const MIN_RENEWALS = 100;

/** What a {@link PrincipalLease} tells its owner. */
interface PrincipalLeaseOwner {
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
    public keys: readonly string[],
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

/** The answer to {@link PrincipalCaps.acquire}. */
export interface PrincipalCapsOutcome {
  /** The places, to be released when the connection ends; `undefined` when there is none, and the rest says why. */
  readonly lease: PrincipalLease | undefined;
  /** The limit that was met. Beside a lease it only reports. */
  readonly finding?: LimitFinding | undefined;
  /** For how many milliseconds the principal must stay away for its violations. */
  readonly penaltyMs?: number;
  readonly isRevoked?: boolean;
}

/** Which limits {@link PrincipalCaps} keeps. */
export type PrincipalCapRules = Pick<
  ResolvedHandshakeLimitsOptions,
  | 'mode'
  | 'ratePerPrincipal'
  | 'maxOpenPerPrincipal'
  | 'maxOpenPerSession'
  | 'maxOpenPerApiKey'
  | 'onPrincipalLimit'
  | 'leaseMs'
>;

interface Cap extends LeasePlace {
  readonly option: 'maxOpenPerPrincipal' | 'maxOpenPerSession' | 'maxOpenPerApiKey';
}

/**
 * How many connections a principal, a log-in and an API key may have, on all nodes together (DR-03, OWASP ASVS 5.0
 * 7.1.2), and how often a principal may open one (HS-20). An anonymous principal is new with each connection: nothing of
 * it is counted here.
 */
export class PrincipalCaps {
  readonly #rate: readonly ThrottleRule[];
  readonly #leaseOwner: PrincipalLeaseOwner;
  #due: PrincipalLease[] = [];
  readonly #renewals: DeadlineList<PrincipalLease>;
  readonly #renewalTicks: number;

  /**
   * @param onReplaced closes a connection of this node whose place went to another one. Must not throw; an id that is not
   * known is to be ignored.
   */
  constructor(
    private readonly store: SecureWsStore,
    private readonly rules: PrincipalCapRules,
    private readonly clock: Clock,
    private readonly onReplaced: (connectionId: string) => void,
  ) {
    const renewEveryMs = rules.leaseMs / RENEWALS;
    this.#renewals = new DeadlineList(renewEveryMs, (lease) => this.#due.push(lease));
    this.#renewalTicks = Math.min(MAX_RENEWAL_TICKS, Math.ceil(renewEveryMs * RENEWAL_TICKS_PER_MS));
    this.#rate = [{ ...rules.ratePerPrincipal, name: 'principal-handshake-rate' }];
    this.#leaseOwner = {
      onAdmitted: ({ replaced }) => {
        for (const id of replaced) onReplaced(id);
      },
      onReleased: (lease) => {
        // 0 until the lease is in the list.
        if (lease.due > 0) this.#renewals.remove(lease);
        settle(() => store.release(lease));
      },
    };
  }

  /** Leases that are renewed. */
  get leases(): number {
    return this.#renewals.size;
  }

  /**
   * Takes a place everywhere, or nowhere: one call to the store for penalty, revocation, rate and places.
   *
   * Hand the lease to `Reservation.hold`: it is told when the connection is admitted, and only then closes whom it
   * replaced. A lease that is released before leaves the others their places.
   *
   * @param connectionId of the connection to be.
   * @param penalty a backoff that the principal must not be in.
   * @throws SecureWsStoreError when the store has no answer.
   */
  acquire(principal: Principal, connectionId: string, penalty?: Admission['backoff']): Awaitable<PrincipalCapsOutcome> {
    const caps = this.#capsOf(principal);
    if (caps.length > 0) {
      const key = principalKey(principal);
      const rate = { key, rules: this.#rate, isReported: !this.#isEnforced };
      const asked = this.#askFirst(principal, connectionId, caps, { rate, backoff: penalty });
      return andThen(asked, (answer) => this.#outcome(connectionId, caps, answer));
    }
    const outcome = { lease: new PrincipalLease(connectionId, [], [], NOBODY) };
    if (penalty === undefined) return outcome;
    return andThen(this.store.admit({ backoff: penalty }), ({ granted, backoffMs }) =>
      granted ? outcome : { lease: undefined, penaltyMs: backoffMs },
    );
  }

  #outcome(connectionId: string, caps: readonly Cap[], answer: AdmissionAnswer): PrincipalCapsOutcome {
    const { granted, rateWaitMs, backoffMs, isRevoked, held, replaced } = answer;
    const rate =
      rateWaitMs === 0 ? undefined : finding('principal-rate', 'ratePerPrincipal', this.#isEnforced, rateWaitMs);
    if (!granted && (isRevoked || backoffMs > 0)) return { lease: undefined, penaltyMs: backoffMs, isRevoked };
    // Granted, one too many is counted among those held; refused, it is not.
    const met = caps.find(({ limit }, index) => (held[index] ?? 0) + (granted ? 0 : 1) > limit);
    const open = met === undefined ? undefined : finding('principal-connections', met.option, this.#isEnforced);
    if (!granted) return { lease: undefined, finding: rate ?? open };
    const keys = caps.map(({ key }) => key);
    const lease = new PrincipalLease(connectionId, keys, replaced, this.#leaseOwner);
    this.#renewals.add(lease, this.clock.monotonic());
    return { lease, finding: rate ?? open };
  }

  /**
   * Moves the places of a connection to a new identity of the same principal: its log-in may be another one.
   *
   * @returns `false` where that is revoked, or has no place left; everything is then as before.
   * @throws SecureWsStoreError when the store has no answer.
   */
  move(lease: PrincipalLease, principal: Principal): Awaitable<boolean> {
    const caps = this.#capsOf(principal);
    return andThen(this.#ask(principal, lease.holder, caps, {}), ({ granted, replaced }) => {
      if (!granted) return false;
      const { holder } = lease;
      const before = lease.keys;
      lease.keys = caps.map(({ key }) => key);
      const left = lease.isReleased ? lease.keys : before.filter((key) => !lease.keys.includes(key));
      if (left.length > 0) settle(() => this.store.release({ holder, keys: left }));
      for (const id of replaced) this.onReplaced(id);
      return true;
    });
  }

  /** Prolongs the leases that are due, in one step. Called from the coarse timer. */
  tick(now: number): void {
    this.#renewals.expire(now, Math.max(MIN_RENEWALS, Math.ceil(this.#renewals.size / this.#renewalTicks)));
    if (this.#due.length === 0) return;
    const due = this.#due;
    this.#due = [];
    for (const lease of due) this.#renewals.add(lease, now);
    // Without an answer the next renewal tries again, and a lease that has lapsed by then is taken again.
    settle(async () => {
      const states = await this.store.renew(due, this.rules.leaseMs);
      for (const [index, lease] of due.entries()) settle(() => this.#renewed(lease, states[index]));
    });
  }

  async #renewed(lease: PrincipalLease, state: LeaseState | undefined): Promise<void> {
    if (!lease.isReleased && state === 'replaced') return this.onReplaced(lease.holder);
    if (!lease.isReleased && state === 'unknown') {
      // The place is gone but the connection is not: it counts again, whatever the limit.
      const places = lease.keys.map((key) => ({ key, limit: Infinity }));
      await this.store.admit({ lease: { holder: lease.holder, places, ttlMs: this.rules.leaseMs } });
    }
    // The connection ended while the store thought: what was just prolonged is given back once more.
    if (lease.isReleased) await this.store.release(lease);
  }

  /** Asks for the places of a principal, and for whatever else must be met, unless it is revoked. */
  #ask(principal: Principal, holder: string, caps: readonly Cap[], also: Admission): Awaitable<AdmissionAnswer> {
    // A limit that only reports must not refuse: the place is taken, and `held` tells that it is one too many.
    const places = caps.map(({ key, limit }) => ({ key, limit: this.#isEnforced ? limit : Infinity }));
    const overflow = this.rules.onPrincipalLimit === 'close-oldest' ? 'replace-oldest' : 'refuse';
    return this.store.admit({
      ...also,
      identity: { keys: revocationKeysOf(principal), issuedAt: principal.issuedAt },
      lease: { holder, places, ttlMs: this.rules.leaseMs, overflow },
    });
  }

  /** As {@link #ask}, for a connection that has nothing yet. */
  #askFirst(principal: Principal, holder: string, caps: readonly Cap[], also: Admission): Awaitable<AdmissionAnswer> {
    const giveBack = (error: unknown): never => {
      // The answer may be what was lost: a place that was taken all the same is given back, to whom it was taken from.
      settle(() => this.store.release({ holder, keys: caps.map(({ key }) => key) }));
      throw error;
    };
    try {
      const answer = this.#ask(principal, holder, caps, also);
      return isPromiseLike(answer) ? answer.catch(giveBack) : answer;
    } catch (error) {
      return giveBack(error);
    }
  }

  #capsOf(principal: Principal): readonly Cap[] {
    if (principal.kind === ANONYMOUS_KIND) return [];
    const { maxOpenPerPrincipal, maxOpenPerSession, maxOpenPerApiKey } = this.rules;
    const session = sessionKey(principal);
    const apiKey = apiKeyKey(principal);
    const caps: Cap[] = [{ key: principalKey(principal), limit: maxOpenPerPrincipal, option: 'maxOpenPerPrincipal' }];
    if (session !== undefined) caps.push({ key: session, limit: maxOpenPerSession, option: 'maxOpenPerSession' });
    if (apiKey !== undefined) caps.push({ key: apiKey, limit: maxOpenPerApiKey, option: 'maxOpenPerApiKey' });
    return caps;
  }

  get #isEnforced(): boolean {
    return this.rules.mode === 'enforce';
  }
}

/** The owner of a lease without places. */
const NOBODY: PrincipalLeaseOwner = { onAdmitted: () => undefined, onReleased: () => undefined };

/** A store that has no answer must not end the process; what could not be given back lapses by itself. */
function settle(work: () => Awaitable<unknown>): void {
  // Nothing is lost: the next renewal tries again, and a lease without one lapses.
  const ignore = (): void => undefined;
  try {
    const done = work();
    if (isPromiseLike(done)) done.then(ignore, ignore);
  } catch {
    ignore();
  }
}
