import type { BootProblems } from '../internal/boot-problems.js';
import { OptionReader } from '../internal/option-reader.js';
import type { ThrottleRule } from './throttle-rule.js';
import { readRule } from './throttling.options.js';
import { WS_THROTTLE_METADATA } from './ws-throttle.decorator.js';

// The metadata keys of @nestjs/throttler, each followed by the name of a throttler. They are not exported from its index;
// a test decorates with the real package, so that a change of these names cannot go unnoticed.
const LIMIT = 'THROTTLER:LIMIT';
const TTL = 'THROTTLER:TTL';
const BLOCK_DURATION = 'THROTTLER:BLOCK_DURATION';
const SKIP = 'THROTTLER:SKIP';

/**
 * Reads how often an event may be sent: from `@WsThrottle`, or from `@Throttle` and `@SkipThrottle` of `@nestjs/throttler`.
 * What stands on the method replaces what stands on its class.
 *
 * @param label names the handler in problems.
 */
export function readHandlerThrottles(
  method: object,
  gateway: object,
  label: string,
  problems: BootProblems,
): readonly ThrottleRule[] {
  const written = rulesOn(method) ?? rulesOn(gateway) ?? [];
  const rules = written.map((rule) => readRule(new OptionReader(rule, `${label} throttle`, problems)));
  return rules.filter(({ name = 'default' }) => !isSkipped(name, method, gateway));
}

function rulesOn(target: object): readonly unknown[] | undefined {
  const own = Reflect.getMetadata(WS_THROTTLE_METADATA, target) as readonly unknown[] | undefined;
  if (own !== undefined) return own;
  const names = (Reflect.getMetadataKeys(target) as unknown[])
    .filter((key): key is string => typeof key === 'string' && key.startsWith(LIMIT))
    .map((key) => key.slice(LIMIT.length));
  if (names.length === 0) return undefined;
  return names.map((name) => ({
    name,
    limit: read(LIMIT, name, target),
    ttl: read(TTL, name, target),
    blockDuration: read(BLOCK_DURATION, name, target),
  }));
}

function isSkipped(name: string, method: object, gateway: object): boolean {
  return (read(SKIP, name, method) ?? read(SKIP, name, gateway)) === true;
}

function read(key: string, name: string, target: object): unknown {
  return Reflect.getMetadata(key + name, target) as unknown;
}
