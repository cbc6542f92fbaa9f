import { andThen, type Awaitable } from '../core/awaitable.js';
import type { OptionReader } from '../core/option-reader.js';
import type { ScoreRule, SecureWsStore } from './secure-ws.store.js';

/** By how much a delay is lengthened at most, so that clients that were refused together do not return together. */
const JITTER = 0.25;

/** How a {@link Backoff} grows. */
export interface BackoffRules {
  /** Keeps two backoffs of one key apart. Lower-case words with dashes. */
  readonly name: string;
  /** Failures that cost nothing. */
  readonly freeFailures: number;
  /** The first delay in milliseconds; each further failure doubles it. */
  readonly firstDelayMs: number;
  /** The longest delay in milliseconds. */
  readonly maxDelayMs: number;
}

/** Reads the delays of a backoff. */
export function readDelays(reader: OptionReader): Pick<BackoffRules, 'firstDelayMs' | 'maxDelayMs'> {
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
  readonly #rule: ScoreRule;

  /** @param random spreads the delays; between 0 and 1. */
  constructor(
    private readonly store: SecureWsStore,
    private readonly rules: BackoffRules,
    private readonly random: () => number = Math.random,
  ) {
    const doublings = Math.ceil(Math.log2(rules.maxDelayMs / rules.firstDelayMs));
    this.#rule = {
      name: rules.name,
      // Slower than one failure in the longest delay: otherwise who waits each delay out is forgiven as much as is added,
      // and never meets the longest one.
      decayPerSecond: 1000 / (2 * rules.maxDelayMs),
      // What lies beyond the longest delay is not kept: hours of failures would take hours to be forgiven, and an address
      // outlives its attacker.
      max: rules.freeFailures + doublings + 1,
    };
  }

  /** Counts a failure. */
  fail(key: string, weight = 1): Awaitable<void> {
    return andThen(this.store.charge(key, weight, this.#rule), () => undefined);
  }

  /**
   * How long the key is still in backoff.
   *
   * @returns milliseconds, lengthened by up to a quarter at random; 0 when it is not.
   */
  remainingMs(key: string): Awaitable<number> {
    return andThen(this.store.score(key, this.#rule), ({ charged, ageMs }) => {
      const over = Math.ceil(charged) - this.rules.freeFailures;
      if (over <= 0) return 0;
      const delayMs = Math.min(this.rules.maxDelayMs, this.rules.firstDelayMs * 2 ** (over - 1));
      const leftMs = delayMs - ageMs;
      return leftMs <= 0 ? 0 : Math.ceil(leftMs * (1 + JITTER * this.random()));
    });
  }
}
