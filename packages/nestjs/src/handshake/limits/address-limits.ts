import type { AuthenticationFailure } from '../../authentication/authenticator.js';
import { andThen, type Awaitable } from '../../core/awaitable.js';
import { Backoff } from '../../store/backoff.js';
import type { ThrottleRule } from '../../core/rate-windows.js';
import type { SecureWsStore } from '../../store/secure-ws.store.js';
import type { LimitFinding } from './limit-finding.js';
import type { ResolvedHandshakeLimitsOptions } from './limits.options.js';

/** An address in backoff keeps this: who shares it with an attacker (an office, a mobile carrier) still gets in. */
const VERIFICATION: readonly ThrottleRule[] = [{ name: 'backoff-verification', limit: 1, ttl: 1000 }];

/**
 * What a failed authentication weighs. A guess weighs 1; what an honest client does in a loop when its log-in ended, and
 * what guesses nothing, weighs little; what the client cannot help weighs nothing.
 */
const WEIGHTS: Readonly<Partial<Record<AuthenticationFailure, number>>> = Object.freeze({
  unavailable: 0,
  missing: 0.25,
  expired: 0.25,
});

/** Which limits {@link AddressLimits} keeps. */
export type AddressLimitRules = Pick<ResolvedHandshakeLimitsOptions, 'mode' | 'ratePerAddress' | 'backoff'>;

/**
 * How often an address may try (HS-20), and what failed authentications cost it (AN-10).
 *
 * Only addresses pay. A name that was guessed at (an account, an API key) is not locked: locking it would hand its owner
 * to whoever knows the name. A refused Origin is never told to this class and costs no address anything: any web page can
 * send it from its visitor's browser, and would have the visitor and everybody behind the same NAT refused.
 */
export class AddressLimits {
  readonly #rate: readonly ThrottleRule[];
  readonly #backoff: Backoff;
  readonly #isEnforced: boolean;

  /** @param random spreads the moments of return; between 0 and 1. */
  constructor(
    private readonly store: SecureWsStore,
    { mode, ratePerAddress, backoff }: AddressLimitRules,
    random: () => number = Math.random,
  ) {
    this.#isEnforced = mode === 'enforce';
    this.#rate = [{ ...ratePerAddress, name: 'handshake-rate' }];
    this.#backoff = new Backoff(store, { name: 'address-backoff', ...backoff }, random);
  }

  /**
   * Counts a handshake, before anything is verified.
   *
   * @param addressKey of `addressKey()`.
   * @returns the finding to refuse (or only report) with; `undefined` to go on.
   * @throws SecureWsStoreError when the store has no answer; at once or as a rejection.
   */
  hit(addressKey: string): Awaitable<LimitFinding | undefined> {
    return andThen(this.store.hit(addressKey, this.#rate), (waitMs) => {
      if (waitMs === 0) return this.#checkBackoff(addressKey);
      const finding = this.#finding('address-rate', 'ratePerAddress', waitMs);
      // Reported only: a backoff that is there must still be found, and spoken of as what it is.
      return finding.enforced ? finding : andThen(this.#checkBackoff(addressKey), (backoff) => backoff ?? finding);
    });
  }

  /** Charges a failed authentication to its address. Never call it for a refused Origin. */
  failed(addressKey: string, failure: AuthenticationFailure): Awaitable<void> {
    const weight = WEIGHTS[failure] ?? 1;
    return weight === 0 ? undefined : this.#backoff.fail(addressKey, weight);
  }

  #checkBackoff(addressKey: string): Awaitable<LimitFinding | undefined> {
    return andThen(this.#backoff.remainingMs(addressKey), (remainingMs) => {
      if (remainingMs === 0) return undefined;
      return andThen(this.store.hit(addressKey, VERIFICATION), (waitMs) =>
        waitMs === 0 ? undefined : this.#finding('address-backoff', 'backoff', remainingMs),
      );
    });
  }

  #finding(limit: 'address-rate' | 'address-backoff', option: string, retryAfterMs: number): LimitFinding {
    return { limit, option: `handshake.limits.${option}`, enforced: this.#isEnforced, retryAfterMs };
  }
}
