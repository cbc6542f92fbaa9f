import type { BootProblems } from '../core/boot-problems.js';
import { OptionReader } from '../core/option-reader.js';
import type { ThrottleRule } from '../core/rate-windows.js';
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
 * `@WsThrottle` of the method replaces what stands on its class; `@Throttle` of the method does so name by name, as there.
 *
 * @param label names the handler in problems.
 */
export function readHandlerThrottles(
  method: object,
  gateway: object,
  label: string,
  problems: BootProblems,
): readonly ThrottleRule[] {
  const written = ownRules(method) ?? throttlerRules([method, gateway]) ?? ownRules(gateway) ?? [];
  const rules = written.map((rule) => readRule(new OptionReader(rule, `${label} throttle`, problems)));
  return rules.filter(({ name = 'default' }) => !isSkipped(name, method, gateway));
}

function ownRules(target: object): readonly unknown[] | undefined {
  return Reflect.getMetadata(WS_THROTTLE_METADATA, target) as readonly unknown[] | undefined;
}

/** The rules of `@Throttle`, each from the first of the targets that has it. */
function throttlerRules(targets: readonly object[]): readonly unknown[] | undefined {
  const rules = new Map<string, unknown>();
  for (const target of targets) {
    for (const key of Reflect.getMetadataKeys(target) as unknown[]) {
      if (typeof key !== 'string' || !key.startsWith(LIMIT)) continue;
      const name = key.slice(LIMIT.length);
      if (!rules.has(name)) rules.set(name, ruleOn(target, name));
    }
  }
  return rules.size === 0 ? undefined : [...rules.values()];
}

function ruleOn(target: object, name: string): unknown {
  return {
    name,
    limit: read(LIMIT, name, target),
    ttl: read(TTL, name, target),
    blockDuration: read(BLOCK_DURATION, name, target),
  };
}

function isSkipped(name: string, method: object, gateway: object): boolean {
  return (read(SKIP, name, method) ?? read(SKIP, name, gateway)) === true;
}

function read(key: string, name: string, target: object): unknown {
  return Reflect.getMetadata(key + name, target) as unknown;
}
