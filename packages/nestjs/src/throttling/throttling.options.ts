import type { Filled, NumberBounds, OptionReader } from '../core/option-reader.js';
import type { MessageThrottleRule, ThrottleMode, WsThrottleRule } from './throttle-rule.js';
import {
  type ResolvedViolationsOptions,
  resolveViolationsOptions,
  type ViolationsOptions,
} from './violations/violations.options.js';
import {
  type ResolvedSheddingOptions,
  resolveSheddingOptions,
  type SheddingOptions,
} from './shedding/shedding.options.js';
import { isThrottlerStorage, type ThrottlerStorageLike } from './throttler-storage.js';

/** The `throttling` options: how much one connection may send. */
export interface ThrottlingOptions {
  /**
   * How many messages, as sliding windows that must all have room. `limit: Infinity` switches a window off, with a warning
   * at boot.
   *
   * @default [{ limit: 40, ttl: 1000 }, { limit: 200, ttl: 10000 }]
   */
  readonly connection?: readonly MessageThrottleRule[];
  /** How many bytes of messages in a second. @default 131072 */
  readonly connectionBytesPerSecond?: number;
  /**
   * How many messages one principal may send over all its connections; a new connection does not start over.
   *
   * @default [{ limit: 80, ttl: 1000 }, { limit: 400, ttl: 10000 }]
   */
  readonly principal?: readonly MessageThrottleRule[];
  /**
   * How many messages may come from one client address over all its connections: from everybody behind it, be it an office,
   * a school or a mobile carrier. One of them can use it up for the others, so it belongs far above what one may send.
   *
   * @default none
   */
  readonly address?: readonly MessageThrottleRule[];
  /**
   * How many messages all principals of one tenant may send together; one of them can use it up for the others.
   *
   * @default none
   */
  readonly tenant?: readonly MessageThrottleRule[];
  /**
   * Rules for each event by itself, as `ThrottlerModule.forRoot([...])` has them. A rule of the same name on the method or
   * its class takes the place of one, and `@SkipThrottle({ name: true })` takes it away. The limit of a rule is counted for
   * each event of each gateway.
   *
   * @default none
   */
  readonly events?: readonly WsThrottleRule[];
  /**
   * What becomes of the rules that do not say so themselves, and of `connectionBytesPerSecond`. `'report'` counts and audits
   * what they would refuse (`ws.message.reported`), with a warning at boot. Sizes, depths and queues always refuse.
   *
   * @default 'enforce'
   */
  readonly mode?: ThrottleMode;
  /** When an overloaded process refuses new handshakes, and halves what anonymous clients may send. */
  readonly shedding?: SheddingOptions;
  /** How many refused messages one principal may have before its connections are closed. */
  readonly violations?: ViolationsOptions;
  /**
   * A `ThrottlerStorage` of `@nestjs/throttler` that counts the events of `@WsThrottle` and `@Throttle`, for each
   * principal. Without one each node counts by itself, which needs no waiting. Applications that share it are told apart by
   * the name of their `store.shared` (the `prefix` of `secureWsRedis()`), or by a prefix that the storage itself is given.
   */
  readonly storage?: ThrottlerStorageLike;
}

/** {@link ThrottlingOptions} with defaults filled. */
export interface ResolvedThrottlingOptions extends Filled<Omit<ThrottlingOptions, 'events'>, 'storage'> {
  /** As they were written: they are read for each handler. */
  readonly events: readonly unknown[];
  readonly shedding: ResolvedSheddingOptions;
  readonly violations: ResolvedViolationsOptions;
}

const DEFAULT_RULES: readonly MessageThrottleRule[] = Object.freeze([
  Object.freeze({ limit: 40, ttl: 1000 }),
  Object.freeze({ limit: 200, ttl: 10_000 }),
]);

const DEFAULT_PRINCIPAL_RULES: readonly MessageThrottleRule[] = Object.freeze([
  Object.freeze({ limit: 80, ttl: 1000, name: 'principal-second' }),
  Object.freeze({ limit: 400, ttl: 10_000, name: 'principal-ten-seconds' }),
]);

const LIMIT_BOUNDS: NumberBounds = { allowInfinity: true };

/** Reads the `throttling` options. */
export function resolveThrottlingOptions(reader: OptionReader): ResolvedThrottlingOptions {
  const storage = 'must be a ThrottlerStorage, an object with increment()';
  const mode = readMode(reader, 'enforce');
  return reader.finish({
    mode,
    connection: readRules(reader, 'connection', DEFAULT_RULES, mode),
    principal: readRules(reader, 'principal', DEFAULT_PRINCIPAL_RULES, mode),
    address: readRules(reader, 'address', [], mode),
    tenant: readRules(reader, 'tenant', [], mode),
    events: readEvents(reader),
    shedding: resolveSheddingOptions(reader.object('shedding')),
    violations: resolveViolationsOptions(reader.object('violations')),
    storage: reader.checked('storage', isThrottlerStorage, storage, 'new ThrottlerStorageService()'),
    connectionBytesPerSecond: reader.count('connectionBytesPerSecond', 131_072, LIMIT_BOUNDS),
  });
}

/** Reads whether a limit refuses; one that does not is warned of. */
export function readMode(reader: OptionReader, fallback: ThrottleMode): ThrottleMode {
  const mode = reader.oneOf('mode', ['enforce', 'report'], fallback);
  if (reader.has('mode') && mode === 'report')
    reader.warn('mode', 'is "report": the limit is counted, and refuses nothing.');
  return mode;
}

/** Each is read where it holds, and says there what is wrong with it. */
function readEvents(reader: OptionReader): readonly unknown[] {
  const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value) && value.length > 0;
  return (
    reader.checked('events', isList, 'must be a list of { limit, ttl }', "[{ limit: 20, ttl: 1000, name: 'short' }]") ??
    []
  );
}

/** Reads a list of rules. @param mode of rules that do not say so themselves. */
export function readRules(
  reader: OptionReader,
  name: string,
  fallback: readonly MessageThrottleRule[],
  mode: ThrottleMode,
): readonly MessageThrottleRule[] {
  if (!reader.has(name)) {
    return mode === 'enforce' ? fallback : Object.freeze(fallback.map((rule) => Object.freeze({ ...rule, mode })));
  }
  const rules = reader.objects(name).map((rule) => readRule(rule, mode));
  if (rules.length > 0) return Object.freeze(rules);
  reader.refuse(name, 'must be a list of { limit, ttl }.', '[{ limit: 40, ttl: 1000 }]');
  return fallback;
}

/** Below it, seconds were meant. */
const SHORTEST_USUAL_TTL_MS = 100;

/** Reads one rule of the options. */
function readRule(reader: OptionReader, fallback: ThrottleMode): MessageThrottleRule {
  const limit = reader.has('limit') ? readLimit(reader) : missing(reader, 'limit', 40);
  const ttl = reader.has('ttl') ? readTtl(reader) : missing(reader, 'ttl', 1000);
  const blockDuration = reader.ms('blockDuration', 0, { min: 0 });
  const mode = readMode(reader, fallback);
  return reader.finish({ limit, ttl, blockDuration, mode, name: reader.string('name') ?? 'default' });
}

/** Reads a limit that is a number. */
export function readLimit(reader: OptionReader): number {
  return reader.count('limit', 1, LIMIT_BOUNDS);
}

/** Reads the length of a window that is a number. */
export function readTtl(reader: OptionReader): number {
  const ttl = reader.ms('ttl', 1000);
  if (ttl < SHORTEST_USUAL_TTL_MS) {
    reader.warn('ttl', `is ${ttl}, and ttl is in milliseconds: seconds(${ttl}) is ${ttl} seconds.`);
  }
  return ttl;
}

/** Tells of a value that a rule cannot do without. */
export function missing(reader: OptionReader, name: string, example: number): number {
  reader.fail(name, 'is missing.', `${name}: ${example}`);
  return example;
}
