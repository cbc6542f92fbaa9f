import type { ThrottleRule } from '../core/rate-windows.js';

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

/**
 * Counts one message of an event in a storage.
 *
 * @returns 0 when there is room; otherwise the milliseconds to wait.
 * @throws what the storage throws: the message is then refused.
 */
export async function hitStorage(
  storage: ThrottlerStorageLike,
  subject: string,
  rules: readonly ThrottleRule[],
): Promise<number> {
  let wait = 0;
  for (const { limit, ttl, blockDuration = 0, name = 'default' } of rules) {
    // A block of the length of the window is what @nestjs/throttler does where none is given.
    const block = blockDuration === 0 ? ttl : blockDuration;
    const answer = await storage.increment(`secure-ws:${name}:${subject}`, ttl, limit, block, name);
    if (answer.isBlocked) wait = Math.max(wait, 1, inMs(answer.timeToBlockExpire, block));
    // The negated form refuses what is no number.
    else if (!(answer.totalHits <= limit)) wait = Math.max(wait, 1, inMs(answer.timeToExpire, ttl));
  }
  return wait;
}

/** Seconds of a storage in milliseconds; `fallback` for what is no number. */
const inMs = (seconds: number, fallback: number): number => (Number.isFinite(seconds) ? seconds * 1000 : fallback);

/** Whether a value can serve as a storage. */
export function isThrottlerStorage(value: unknown): value is ThrottlerStorageLike {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<ThrottlerStorageLike>).increment === 'function'
  );
}
