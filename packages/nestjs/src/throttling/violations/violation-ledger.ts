import type { Principal } from '../../core/principal.js';
import { andThen, type Awaitable } from '../../core/awaitable.js';
import { Backoff } from '../../store/backoff.js';
import type { Admission, ScoreRule, SecureWsStore } from '../../store/secure-ws.store.js';
import { principalKey } from '../../store/store-keys.js';
import type { ResolvedViolationsOptions, ViolationKind } from './violations.options.js';

/** How far above the budget a score goes, in budgets: so that all is forgiven in a bounded time. */
const MAX_BUDGETS = 2;

/** The answer to {@link ViolationLedger.charge}. */
export interface ViolationVerdict {
  /** Whether the score is above the budget. */
  readonly isExceeded: boolean;
  /** Whether the connection is to be closed with 1008: it is exceeded, and not only reported. */
  readonly mustClose: boolean;
  /** The score, for the audit. */
  readonly score: number;
}

/**
 * Who violations are charged to: the principal of an authenticated connection, never its address, which it may share with
 * an office; for an anonymous one the address, because its identity lasts for one connection only and a new one would
 * begin with a clean slate.
 *
 * @param addressKey of `addressKey()`.
 */
export function violationSubject(principal: Principal, addressKey: string): string {
  return principal.kind === 'anonymous' ? addressKey : principalKey(principal);
}

/**
 * Adds up what a subject's messages were refused for, over all its connections and all nodes (MV-17, DR-05). Above the
 * budget its connection is closed and its next handshakes wait for a time that doubles.
 */
export class ViolationLedger {
  readonly #score: ScoreRule;
  readonly #closes: Backoff;

  /** @param random spreads the delays; between 0 and 1. */
  constructor(
    private readonly store: SecureWsStore,
    private readonly rules: ResolvedViolationsOptions,
    random: () => number = Math.random,
  ) {
    const { budget, decayPerSecond, firstDelayMs, maxDelayMs } = rules;
    this.#score = { name: 'violations', decayPerSecond, max: MAX_BUDGETS * budget };
    this.#closes = new Backoff(store, { name: 'violation-closes', freeFailures: 0, firstDelayMs, maxDelayMs }, random);
  }

  /**
   * Charges one violation.
   *
   * @param subject of {@link violationSubject}.
   * @throws SecureWsStoreError when the store has no answer; at once or as a rejection. The message is refused in any case.
   */
  charge(subject: string, kind: ViolationKind): Awaitable<ViolationVerdict> {
    const { budget, weights, mode } = this.rules;
    if (budget === Infinity) return { isExceeded: false, mustClose: false, score: 0 };
    return andThen(this.store.charge(subject, weights[kind], this.#score), (value) => {
      if (value <= budget) return { isExceeded: false, mustClose: false, score: value };
      if (mode === 'report') return { isExceeded: true, mustClose: false, score: value };
      return andThen(this.#countClose(subject), () => ({ isExceeded: true, mustClose: true, score: value }));
    });
  }

  /**
   * What a handshake of the subject must not be in: the backoff of its closes.
   *
   * @param subject of {@link violationSubject}.
   * @returns `undefined` where nobody is closed.
   */
  backoffOf(subject: string): Admission['backoff'] {
    const { budget, mode } = this.rules;
    return budget === Infinity || mode === 'report' ? undefined : { key: subject, rule: this.#closes.rule };
  }

  /** Lengthens what is left of a backoff at random. */
  spread(delayMs: number): number {
    return this.#closes.spread(delayMs);
  }

  #countClose(subject: string): Awaitable<void> {
    return andThen(this.#closes.remainingMs(subject), (remainingMs) =>
      // Ten connections that are closed together are one offence, not ten doublings.
      remainingMs > 0 ? undefined : this.#closes.fail(subject),
    );
  }
}
