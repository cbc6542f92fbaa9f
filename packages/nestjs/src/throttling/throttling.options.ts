import { type NumberBounds, OptionReader } from '../internal/option-reader.js';
import type { ThrottleRule } from './throttle-rule.js';

/** The `throttling` options: how much one connection may send. */
export interface ThrottlingOptions {
  /**
   * How many messages, as sliding windows that must all have room. `limit: Infinity` switches a window off, loudly.
   *
   * @default [{ limit: 40, ttl: 1000 }, { limit: 200, ttl: 10000 }]
   */
  readonly connection?: readonly ThrottleRule[];
  /**
   * How many bytes of messages in a second.
   *
   * @default 131072
   */
  readonly connectionBytesPerSecond?: number;
}

/** {@link ThrottlingOptions} with defaults filled. */
export type ResolvedThrottlingOptions = Readonly<Required<ThrottlingOptions>>;

const DEFAULT_RULES: readonly ThrottleRule[] = Object.freeze([
  Object.freeze({ limit: 40, ttl: 1000 }),
  Object.freeze({ limit: 200, ttl: 10_000 }),
]);

const LIMIT_BOUNDS: NumberBounds = { allowInfinity: true };

/** Reads the `throttling` options. */
export function resolveThrottlingOptions(reader: OptionReader): ResolvedThrottlingOptions {
  const connection = readRules(reader, 'connection');
  const connectionBytesPerSecond = reader.count('connectionBytesPerSecond', 131_072, LIMIT_BOUNDS);
  reader.finish();
  return Object.freeze({ connection, connectionBytesPerSecond });
}

/** Reads a list of rules. */
export function readRules(reader: OptionReader, name: string): readonly ThrottleRule[] {
  const value = reader.raw(name);
  if (value === undefined) return DEFAULT_RULES;
  if (!Array.isArray(value) || value.length === 0) {
    reader.fail(name, 'must be a list of { limit, ttl }.', `${reader.pathOf(name)}: [{ limit: 40, ttl: 1000 }]`);
    return DEFAULT_RULES;
  }
  return Object.freeze(
    value.map((rule, index) => readRule(new OptionReader(rule, `${reader.pathOf(name)}[${index}]`, reader.problems))),
  );
}

/** Reads one rule: of the options, or of a decorator at boot. */
export function readRule(reader: OptionReader): ThrottleRule {
  const limit = reader.has('limit') ? reader.count('limit', 1, LIMIT_BOUNDS) : missing(reader, 'limit', 40);
  const ttl = reader.has('ttl') ? reader.ms('ttl', 1000) : missing(reader, 'ttl', 1000);
  const blockDuration = reader.ms('blockDuration', 0, { min: 0 });
  const ruleName = reader.string('name') ?? 'default';
  reader.finish();
  return Object.freeze({ limit, ttl, blockDuration, name: ruleName });
}

function missing(reader: OptionReader, name: string, example: number): number {
  reader.fail(name, 'is missing.', `${name}: ${example}`);
  return example;
}
