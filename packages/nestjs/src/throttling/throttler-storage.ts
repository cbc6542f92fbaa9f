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
 * A storage counts what it is asked, so that all or none cannot be had of it. The rule that forgets soonest is asked first
 * and the first refusal ends the asking: what a short window refuses never counts in a long one, nor sets off its block.
 *
 * @returns 0 when there is room; otherwise the milliseconds to wait.
 * @throws what the storage throws: the message is then refused.
 */
export async function hitStorage(
  storage: ThrottlerStorageLike,
  subject: string,
  rules: readonly ThrottleRule[],
): Promise<number> {
  for (const { limit, ttl, block, name } of rules.map(withBlock).sort((a, b) => a.memory - b.memory)) {
    // The numbers as well: rules without a name are as many as there are, and must not count in one place.
    const answer = await storage.increment(`secure-ws:${name}:${limit}/${ttl}:${subject}`, ttl, limit, block, name);
    if (answer.isBlocked) return Math.max(1, inMs(answer.timeToBlockExpire, block));
    // Negated: NaN fails the comparison, so it refuses.
    if (!(answer.totalHits <= limit)) return Math.max(1, inMs(answer.timeToExpire, ttl));
  }
  return 0;
}

const withBlock = ({ limit, ttl, blockDuration = 0, name = 'default' }: ThrottleRule) => {
  // A block of the length of the window is what @nestjs/throttler does where none is given.
  const block = blockDuration === 0 ? ttl : blockDuration;
  return { limit, ttl, block, name, memory: Math.max(ttl, block) };
};

/** Seconds of a storage in milliseconds; `fallback` for what is not a number. */
const inMs = (seconds: number, fallback: number): number => (Number.isFinite(seconds) ? seconds * 1000 : fallback);

/** Whether a value can serve as a storage. */
export function isThrottlerStorage(value: unknown): value is ThrottlerStorageLike {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<ThrottlerStorageLike>).increment === 'function'
  );
}
