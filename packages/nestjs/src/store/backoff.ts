import { andThen, type Awaitable } from '../core/awaitable.js';
import type { OptionReader } from '../core/option-reader.js';
import { backoffRule, type BackoffGrowth } from './backoff-rule.js';
import type { BackoffRule, SecureWsStore } from './secure-ws.store.js';

/** By how much a delay is lengthened at most, so that clients that were refused together do not return together. */
const JITTER = 0.25;

/** Reads the delays of a backoff. */
export function readDelays(reader: OptionReader): Pick<BackoffGrowth, 'firstDelayMs' | 'maxDelayMs'> {
  const firstDelayMs = reader.ms('firstDelayMs', 1000);
  const maxDelayMs = reader.ms('maxDelayMs', Math.max(60_000, firstDelayMs));
  if (maxDelayMs < firstDelayMs) reader.refuse('maxDelayMs', 'is below firstDelayMs.', String(firstDelayMs));
  return { firstDelayMs, maxDelayMs };
}

/**
 * A delay that doubles with each failure and is forgiven with time. It lives in the store, so that an attacker finds the
 * same delay at every node and after every reconnect (DR-05).
 */
export class Backoff {
  readonly rule: BackoffRule;

  /** @param random spreads the delays; between 0 and 1. */
  constructor(
    private readonly store: SecureWsStore,
    growth: BackoffGrowth,
    private readonly random: () => number = Math.random,
  ) {
    this.rule = backoffRule(growth);
  }

  /** Counts a failure. */
  fail(key: string, weight = 1): Awaitable<void> {
    return andThen(this.store.charge(key, weight, this.rule), () => undefined);
  }

  /**
   * How long the key is still in backoff.
   *
   * @returns milliseconds, spread; 0 when it is not.
   */
  remainingMs(key: string): Awaitable<number> {
    return andThen(this.store.admit({ backoff: { key, rule: this.rule } }), ({ backoffMs }) => this.spread(backoffMs));
  }

  /** Lengthens a delay by up to a quarter at random. */
  spread(delayMs: number): number {
    return Math.ceil(delayMs * (1 + JITTER * this.random()));
  }
}
