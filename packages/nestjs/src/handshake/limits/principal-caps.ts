import type { Principal } from '../../core/principal.js';
import type { Clock } from '../../core/clock.js';
import { DeadlineList } from '../../core/deadline-list.js';
import type { LeaseAnswer, LeaseOverflow, RateRule, SecureWsStore } from '../../store/secure-ws.store.js';
import { apiKeyKey, principalKey, sessionKey } from '../../store/store-keys.js';
import type { HandshakeLimitName, LimitFinding } from './limit-finding.js';
import type { ResolvedHandshakeLimitsOptions } from './limits.options.js';
import { LEASE_TTL_MS, PrincipalLease, type PrincipalLeaseOwner } from './principal-lease.js';

/** Three times in its life: one renewal may be lost, and the timer may be late. */
const RENEW_EVERY_MS = LEASE_TTL_MS / 3;

/** Nobody knows when a connection ends; a client that asks every few seconds costs one verification each. */
const RETRY_AFTER_MS = 5000;

/** The answer to {@link PrincipalCaps.acquire}. */
export interface PrincipalCapsOutcome {
  /** The places, to be released when the connection ends; `undefined` when there is none, and `finding` says why. */
  readonly lease: PrincipalLease | undefined;
  /** The limit that was met. Beside a lease it only reports. */
  readonly finding: LimitFinding | undefined;
  /** Ids of the connections that lost their place for this one. Close those that live on this node. */
  readonly replaced: readonly string[];
}

/** Which limits {@link PrincipalCaps} keeps. */
export type PrincipalCapRules = Pick<
  ResolvedHandshakeLimitsOptions,
  'mode' | 'ratePerPrincipal' | 'maxOpenPerPrincipal' | 'maxOpenPerSession' | 'maxOpenPerApiKey' | 'onPrincipalLimit'
>;

interface Cap {
  readonly key: string;
  readonly limit: number;
  readonly name: HandshakeLimitName;
  readonly option: string;
}

/**
 * How many connections a principal, a log-in and an API key may have, on all nodes together (DR-03, OWASP ASVS 5.0
 * 7.1.2), and how often a principal may open one (HS-20).
 */
export class PrincipalCaps {
  readonly #rate: RateRule;
  readonly #overflow: LeaseOverflow;
  readonly #leaseOwner: PrincipalLeaseOwner;
  readonly #renewals = new DeadlineList<PrincipalLease>(RENEW_EVERY_MS, (lease) => {
    const now = this.clock.monotonic();
    this.#renewals.add(lease, now);
    lease.renew(now);
  });

  /**
   * @param onReplaced closes a connection of this node whose place went to one on another node. Must not throw; an id that
   * is not known is to be ignored.
   */
  constructor(
    private readonly store: SecureWsStore,
    private readonly rules: PrincipalCapRules,
    private readonly clock: Clock,
    onReplaced: (connectionId: string) => void,
  ) {
    const { limit, ttl } = rules.ratePerPrincipal;
    this.#rate = { name: 'principal-handshake-rate', limit, ttlMs: ttl };
    this.#leaseOwner = {
      onReplaced,
      onReleased: (lease) => {
        // 0 until the lease is in the list.
        if (lease.due > 0) this.#renewals.remove(lease);
      },
    };
    this.#overflow = rules.onPrincipalLimit === 'close-oldest' ? 'replace-oldest' : 'refuse';
  }

  /** Leases that are renewed. */
  get leases(): number {
    return this.#renewals.size;
  }

  /**
   * Takes a place everywhere, or nowhere: what was taken before a cap refused, or the store threw, is given back.
   *
   * Hand the lease to `Reservation.hold`, and look at its answer of `admit()`: the socket may be gone by then.
   *
   * @param connectionId of the connection to be.
   * @throws SecureWsStoreError when the store has no answer.
   */
  async acquire(principal: Principal, connectionId: string): Promise<PrincipalCapsOutcome> {
    const waitMs = await this.store.hit(principalKey(principal), this.#rate);
    let finding = waitMs === 0 ? undefined : this.#finding('principal-rate', 'ratePerPrincipal', waitMs);
    if (finding?.enforced === true) return { lease: undefined, finding, replaced: [] };
    const lease = new PrincipalLease(this.store, connectionId, this.#leaseOwner, this.clock.monotonic());
    const replaced = new Set<string>();
    try {
      for (const cap of this.#capsOf(principal)) {
        const answer = await this.#take(cap, connectionId);
        const isOver = !answer.granted || answer.held > cap.limit;
        if (isOver) finding ??= this.#finding(cap.name, cap.option, RETRY_AFTER_MS);
        if (!answer.granted) {
          lease.release();
          return { lease: undefined, finding, replaced: [...replaced] };
        }
        lease.add(cap.key);
        for (const id of answer.replaced) replaced.add(id);
      }
    } catch (error) {
      lease.release();
      throw error;
    }
    this.#renewals.add(lease, this.clock.monotonic());
    return { lease, finding, replaced: [...replaced] };
  }

  /** Prolongs the leases that are due. Called from the coarse timer. */
  tick(now: number): void {
    this.#renewals.expire(now);
  }

  async #take({ key, limit }: Cap, holder: string): Promise<LeaseAnswer> {
    // A limit that only reports must not refuse: the place is taken, and `held` tells that it is one too many.
    const effective = this.rules.mode === 'enforce' ? limit : Infinity;
    return this.store.acquire(key, holder, effective, LEASE_TTL_MS, this.#overflow);
  }

  *#capsOf(principal: Principal): Generator<Cap> {
    const { maxOpenPerPrincipal, maxOpenPerSession, maxOpenPerApiKey } = this.rules;
    const session = sessionKey(principal);
    const apiKey = apiKeyKey(principal);
    yield cap(principalKey(principal), maxOpenPerPrincipal, 'principal-open', 'maxOpenPerPrincipal');
    if (session !== undefined) yield cap(session, maxOpenPerSession, 'session-open', 'maxOpenPerSession');
    if (apiKey !== undefined) yield cap(apiKey, maxOpenPerApiKey, 'api-key-open', 'maxOpenPerApiKey');
  }

  #finding(limit: HandshakeLimitName, option: string, retryAfterMs: number): LimitFinding {
    const isEnforced = this.rules.mode === 'enforce';
    return { limit, option: `handshake.limits.${option}`, enforced: isEnforced, retryAfterMs };
  }
}

function cap(key: string, limit: number, name: HandshakeLimitName, option: string): Cap {
  return { key, limit, name, option };
}
