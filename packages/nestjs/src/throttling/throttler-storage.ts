import { MAX_TIMER_MS } from '../core/option-reader.js';
import { hashedKey } from '../store/store-keys.js';
import type { EventThrottle, ThrottleValues } from './throttle-rule.js';

/** What a `ThrottlerStorage` of `@nestjs/throttler` answers. Its times are in seconds. */
export interface ThrottlerStorageAnswer {
  readonly totalHits: number;
  readonly timeToExpire: number;
  readonly isBlocked: boolean;
  readonly timeToBlockExpire: number;
}

/** A `ThrottlerStorage` of `@nestjs/throttler`: its own, or one over Redis. */
export interface ThrottlerStorageLike {
  /** Counts a hit. `ttl` and `blockDuration` are in milliseconds. */
  increment(
    key: string,
    ttl: number,
    limit: number,
    blockDuration: number,
    throttlerName: string,
  ): Promise<ThrottlerStorageAnswer>;
}

/** One message by one rule, as a storage is to count it. */
export interface StoredHit {
  readonly rule: EventThrottle;
  readonly values: ThrottleValues;
  /** Of `subjectKey()`. */
  readonly subject: string;
}

/** The rule that refuses, and for how long. */
export interface StoredRefusal {
  readonly rule: EventThrottle;
  readonly waitMs: number;
}

/**
 * Counts one message of an event in a storage.
 *
 * A storage counts what it is asked, so that all or none cannot be had of it. The rule that forgets soonest is asked first
 * and the first refusal ends the asking: what a short window refuses never counts in a long one, nor sets off its block.
 *
 * @returns `undefined` when there is room.
 * @throws what the storage throws, and TypeError for an answer that is none: the message is then refused.
 */
export async function hitStorage(
  storage: ThrottlerStorageLike,
  hits: readonly StoredHit[],
): Promise<StoredRefusal | undefined> {
  for (const { rule, limit, ttl, block, key } of hits.map(toAsk).sort((a, b) => a.memory - b.memory)) {
    const answer: unknown = await storage.increment(key, ttl, limit, block, rule.name);
    if (!isAnswer(answer))
      throw new TypeError('throttling.storage answered something else than the record of a ThrottlerStorage.');
    if (answer.isBlocked) return { rule, waitMs: inMs(answer.timeToBlockExpire, block) };
    if (answer.totalHits > limit) return { rule, waitMs: inMs(answer.timeToExpire, ttl) };
  }
  return undefined;
}

const toAsk = ({ rule, values: { limit, ttl, blockMs }, subject }: StoredHit) => {
  // A block of the length of the window is what @nestjs/throttler does where none is given.
  const block = blockMs === 0 ? ttl : blockMs;
  // No values in the key: a limit that is computed would start over whenever it changes. Names of users do not leave the node.
  const key = `${rule.counter}:${hashedKey(subject)}`;
  return { rule, limit, ttl, block, key, memory: Math.max(ttl, block) };
};

/** What a storage must say; of its times, any number, or none, will do. */
function isAnswer(answer: unknown): answer is ThrottlerStorageAnswer {
  if (typeof answer !== 'object' || answer === null) return false;
  const { totalHits, isBlocked } = answer as Partial<Record<keyof ThrottlerStorageAnswer, unknown>>;
  return typeof isBlocked === 'boolean' && typeof totalHits === 'number' && totalHits >= 0;
}

/** Seconds of a storage in milliseconds; `fallback` for what is not a number. */
function inMs(seconds: number, fallback: number): number {
  const ms = Number.isFinite(seconds) ? seconds * 1000 : fallback;
  return Math.min(MAX_TIMER_MS, Math.max(1, ms));
}

/** Whether a value can serve as a storage. */
export function isThrottlerStorage(value: unknown): value is ThrottlerStorageLike {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<ThrottlerStorageLike>).increment === 'function'
  );
}
