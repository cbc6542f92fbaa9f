import type { Filled, NumberBounds, OptionReader } from '../core/option-reader.js';
import type { ThrottleRule } from '../core/rate-windows.js';
import {
  type ResolvedViolationsOptions,
  resolveViolationsOptions,
  type ViolationsOptions,
} from './violations/violations.options.js';
import { isThrottlerStorage, type ThrottlerStorageLike } from './throttler-storage.js';

/** The `throttling` options: how much one connection may send. */
export interface ThrottlingOptions {
  /**
   * How many messages, as sliding windows that must all have room. `limit: Infinity` switches a window off, with a warning
   * at boot.
   *
   * @default [{ limit: 40, ttl: 1000 }, { limit: 200, ttl: 10000 }]
   */
  readonly connection?: readonly ThrottleRule[];
  /** How many bytes of messages in a second. @default 131072 */
  readonly connectionBytesPerSecond?: number;
  /**
   * How many messages one principal may send over all its connections; a new connection does not start over.
   *
   * @default [{ limit: 80, ttl: 1000 }, { limit: 400, ttl: 10000 }]
   */
  readonly principal?: readonly ThrottleRule[];
  /** How many refused messages one principal may have before its connections are closed. */
  readonly violations?: ViolationsOptions;
  /**
   * A `ThrottlerStorage` of `@nestjs/throttler` that counts the events of `@WsThrottle` and `@Throttle`, for each
   * principal. Without one each node counts by itself, which needs no waiting.
   */
  readonly storage?: ThrottlerStorageLike;
}

/** {@link ThrottlingOptions} with defaults filled. */
export interface ResolvedThrottlingOptions extends Filled<ThrottlingOptions, 'storage'> {
  readonly violations: ResolvedViolationsOptions;
}

const DEFAULT_RULES: readonly ThrottleRule[] = Object.freeze([
  Object.freeze({ limit: 40, ttl: 1000 }),
  Object.freeze({ limit: 200, ttl: 10_000 }),
]);

const DEFAULT_PRINCIPAL_RULES: readonly ThrottleRule[] = Object.freeze([
  Object.freeze({ limit: 80, ttl: 1000, name: 'principal-second' }),
  Object.freeze({ limit: 400, ttl: 10_000, name: 'principal-ten-seconds' }),
]);

const LIMIT_BOUNDS: NumberBounds = { allowInfinity: true };

/** Reads the `throttling` options. */
export function resolveThrottlingOptions(reader: OptionReader): ResolvedThrottlingOptions {
  const storage = 'must be a ThrottlerStorage, an object with increment()';
  return reader.finish({
    connection: readRules(reader, 'connection', DEFAULT_RULES),
    principal: readRules(reader, 'principal', DEFAULT_PRINCIPAL_RULES),
    violations: resolveViolationsOptions(reader.object('violations')),
    storage: reader.checked('storage', isThrottlerStorage, storage, 'new ThrottlerStorageService()'),
    connectionBytesPerSecond: reader.count('connectionBytesPerSecond', 131_072, LIMIT_BOUNDS),
  });
}

/** Reads a list of rules. */
export function readRules(
  reader: OptionReader,
  name: string,
  fallback: readonly ThrottleRule[],
): readonly ThrottleRule[] {
  if (!reader.has(name)) return fallback;
  const rules = reader.objects(name).map(readRule);
  if (rules.length > 0) return Object.freeze(rules);
  reader.refuse(name, 'must be a list of { limit, ttl }.', '[{ limit: 40, ttl: 1000 }]');
  return fallback;
}

/** Below it, seconds were meant. */
const SHORTEST_USUAL_TTL_MS = 100;

/** Reads one rule: of the options, or of a decorator at boot. */
export function readRule(reader: OptionReader): ThrottleRule {
  const limit = reader.has('limit') ? reader.count('limit', 1, LIMIT_BOUNDS) : missing(reader, 'limit', 40);
  const ttl = reader.has('ttl') ? reader.ms('ttl', 1000) : missing(reader, 'ttl', 1000);
  if (ttl < SHORTEST_USUAL_TTL_MS) {
    reader.warn('ttl', `is ${ttl}, and ttl is in milliseconds: seconds(${ttl}) is ${ttl} seconds.`);
  }
  const blockDuration = reader.ms('blockDuration', 0, { min: 0 });
  return reader.finish({ limit, ttl, blockDuration, name: reader.string('name') ?? 'default' });
}

function missing(reader: OptionReader, name: string, example: number): number {
  reader.fail(name, 'is missing.', `${name}: ${example}`);
  return example;
}
