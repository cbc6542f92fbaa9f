import { type AuthenticationFailure, failureRow } from '../../authentication/authentication-failures.js';
import type { WsCredential } from '../../authentication/authenticator.js';
import { andThen, type Awaitable } from '../../core/awaitable.js';
import type { Clock } from '../../core/clock.js';
import { Backoff } from '../../store/backoff.js';
import type { ThrottleRule } from '../../core/rate-windows.js';
import { type BackoffRule, type SecureWsStore, SecureWsStoreError } from '../../store/secure-ws.store.js';
import { finding, type LimitFinding } from './limit-finding.js';
import type { ResolvedHandshakeLimitsOptions } from './limits.options.js';
import { RecentCredentials } from './recent-credentials.js';

/** An address in backoff keeps this: who shares it with an attacker (an office, a mobile carrier) still gets in. */
const VERIFICATION: readonly ThrottleRule[] = [{ name: 'backoff-verification', limit: 1, ttl: 1000 }];

/** The credential of a handshake, for an address in backoff. */
export type CredentialOf = () => WsCredential | 'none-needed' | undefined;

/** Which limits {@link AddressLimits} keeps. */
export type AddressLimitRules = Pick<ResolvedHandshakeLimitsOptions, 'mode' | 'ratePerAddress' | 'backoff'>;

/** The backoff of one handshake. No literal: V8 gives each one that has a getter a shape of its own. */
class AddressBackoff {
  constructor(
    readonly key: string,
    readonly rule: BackoffRule,
    readonly isReported: boolean,
    private readonly allowanceOf: () => readonly ThrottleRule[] | undefined,
  ) {}

  get allowance(): readonly ThrottleRule[] | undefined {
    return this.allowanceOf();
  }
}

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
  readonly #recent: RecentCredentials;
  readonly #isEnforced: boolean;

  /** @param random spreads the moments of return; between 0 and 1. */
  constructor(
    private readonly store: SecureWsStore,
    { mode, ratePerAddress, backoff }: AddressLimitRules,
    clock: Clock,
    random: () => number = Math.random,
  ) {
    this.#recent = new RecentCredentials(clock, backoff.maxDelayMs);
    this.#isEnforced = mode === 'enforce';
    this.#rate = [{ ...ratePerAddress, name: 'handshake-rate' }];
    this.#backoff = new Backoff(store, { name: 'address-backoff', ...backoff }, random);
  }

  /**
   * Counts a handshake, before anything is verified.
   *
   * @param addressKey of `addressKey()`.
   * @param credentialOf asked only where the address is in backoff.
   * @returns the finding to refuse (or only report) with; `undefined` to go on.
   * @throws SecureWsStoreError when the store has no answer; at once or as a rejection.
   */
  hit(addressKey: string, credentialOf: CredentialOf): Awaitable<LimitFinding | undefined> {
    const isReported = !this.#isEnforced;
    const asked = this.store.admit({
      rate: { key: addressKey, rules: this.#rate, isReported },
      backoff: new AddressBackoff(addressKey, this.#backoff.rule, isReported, () =>
        this.#allowanceOf(addressKey, credentialOf()),
      ),
    });
    return andThen(asked, ({ granted, rateWaitMs, backoffMs }) => {
      // Reported only: a backoff that is there must still be found, and spoken of as what it is.
      if (backoffMs > 0) {
        return finding('address-backoff', 'backoff', this.#isEnforced, this.#backoff.spread(backoffMs));
      }
      if (rateWaitMs > 0) return finding('address-rate', 'ratePerAddress', this.#isEnforced, rateWaitMs);
      if (!granted) throw new SecureWsStoreError('unavailable');
      return undefined;
    });
  }

  /** Charges a failed authentication to its address. Never call it for a refused Origin. */
  failed(addressKey: string, failure: AuthenticationFailure): Awaitable<void> {
    const { weight } = failureRow(failure);
    return weight === 0 ? undefined : this.#backoff.fail(addressKey, weight);
  }

  /** Remembers what a verification said of a credential, for the time when its address is in backoff. */
  verified(addressKey: string, credential: WsCredential, isGood: boolean): void {
    this.#recent.note(this.#recent.keyOf(addressKey, credential), isGood);
  }

  /**
   * What a credential may take at an address in backoff. What has failed lately, or is not there, takes no verification from
   * the others behind the address.
   */
  #allowanceOf(addressKey: string, credential: ReturnType<CredentialOf>): readonly ThrottleRule[] | undefined {
    if (credential === undefined) return undefined;
    const known = credential === 'none-needed' ? 'good' : this.#recent.find(this.#recent.keyOf(addressKey, credential));
    if (known === 'bad') return undefined;
    return known === 'good' ? [] : VERIFICATION;
  }
}
