import type { BackoffRule } from './secure-ws.store.js';

/** How a backoff grows; the rest of its rule follows from that. */
export type BackoffGrowth = Pick<BackoffRule, 'name' | 'freeFailures' | 'firstDelayMs' | 'maxDelayMs'>;

/** Makes the rule of a backoff. */
export function backoffRule({ name, freeFailures, firstDelayMs, maxDelayMs }: BackoffGrowth): BackoffRule {
  return Object.freeze({
    name,
    freeFailures,
    firstDelayMs,
    maxDelayMs,
    // Slower than one failure in the longest delay: otherwise who waits each delay out is forgiven as much as is added,
    // and never meets the longest one.
    decayPerSecond: 1000 / (2 * maxDelayMs),
    // What lies beyond the longest delay is not kept: hours of failures would take hours to be forgiven, and an address
    // outlives its attacker.
    max: freeFailures + Math.ceil(Math.log2(maxDelayMs / firstDelayMs)) + 1,
  });
}

/**
 * How long a key is still in backoff, in whole milliseconds.
 *
 * @param charged its score right after the last charge.
 * @param ageMs how long ago that was.
 */
export function remainingBackoffMs(charged: number, ageMs: number, rule: BackoffRule): number {
  const over = Math.ceil(charged) - rule.freeFailures;
  if (over <= 0) return 0;
  const delayMs = Math.min(rule.maxDelayMs, rule.firstDelayMs * 2 ** (over - 1));
  return Math.max(0, Math.ceil(delayMs - ageMs));
}
