import type { Type } from '@nestjs/common';
import type { BootProblems } from '../core/boot-problems.js';
import { OptionReader } from '../core/option-reader.js';
import { THROTTLER } from '../nest/metadata.js';
import type { ThrottleRule } from '../core/rate-windows.js';
import { readRule } from './throttling.options.js';
import { WS_THROTTLE_METADATA } from './ws-throttle.decorator.js';

const { LIMIT, TTL, BLOCK_DURATION, SKIP } = THROTTLER;

/**
 * Reads how often an event may be sent: from `@WsThrottle`, or from `@Throttle` and `@SkipThrottle` of `@nestjs/throttler`.
 * What stands on the method wins: `@WsThrottle` replaces everything that stands on its class, the others do so name by name.
 * Two that contradict each other on one place stop the boot.
 *
 * @param label names the handler in problems.
 */
export function readHandlerThrottles(
  method: object,
  gateway: Type,
  label: string,
  problems: BootProblems,
): readonly ThrottleRule[] {
  checkPlace(method, label, problems);
  checkPlace(gateway, gateway.name, problems);
  const written = rulesOf(method, gateway);
  return written.map((rule) => readRule(new OptionReader(rule, `${label} throttle`, problems)));
}

function rulesOf(method: object, gateway: object): readonly unknown[] {
  const own = ownRules(method);
  if (own !== undefined) return own;
  const named = throttlerRules([method, gateway]);
  if (named.size > 0) return [...named].filter(([name]) => !isSkipped(name, method, gateway)).map(([, rule]) => rule);
  return (ownRules(gateway) ?? []).filter(({ name = 'default' }) => read(SKIP, name, method) !== true);
}

/** One of two that contradict each other would be ignored. */
function checkPlace(target: object, where: string, problems: BootProblems): void {
  const named = [...throttlerRules([target]).keys()];
  const skipped = namesOf(SKIP, target).filter((name) => read(SKIP, name, target) === true);
  const other = named.length > 0 ? '@Throttle' : skipped.length > 0 ? '@SkipThrottle' : undefined;
  const both = named.find((name) => skipped.includes(name));
  let problem: string | undefined;
  if (ownRules(target) !== undefined && other !== undefined) {
    problem = `has @WsThrottle and ${other}, of which one would be ignored.`;
  } else if (both !== undefined) {
    problem = `has @Throttle and @SkipThrottle for "${both}", of which one would be ignored.`;
  }
  if (problem !== undefined) {
    addOnce(where, problem, 'Remove one of the two. What stands on a method wins over its class.', problems);
  }
  if (ownRules(target)?.length !== 0) return;
  const empty = 'has a @WsThrottle() without a rule, which would limit nothing.';
  addOnce(where, empty, '@WsThrottle({ limit: 20, ttl: seconds(10) })', problems);
}

/** A class is looked at for each of its handlers. */
function addOnce(where: string, problem: string, fix: string, problems: BootProblems): void {
  if (problems.problems.some((known) => known.where === where && known.problem === problem)) return;
  problems.add(where, problem, fix);
}

function ownRules(target: object): readonly ThrottleRule[] | undefined {
  return Reflect.getMetadata(WS_THROTTLE_METADATA, target) as readonly ThrottleRule[] | undefined;
}

/** The rules of `@Throttle`, each from the first of the targets that has it. */
function throttlerRules(targets: readonly object[]): ReadonlyMap<string, unknown> {
  const rules = new Map<string, unknown>();
  for (const target of targets) {
    for (const name of namesOf(LIMIT, target)) if (!rules.has(name)) rules.set(name, ruleOn(target, name));
  }
  return rules;
}

/** The throttlers that a target has metadata of a kind for. */
function namesOf(kind: string, target: object): readonly string[] {
  const keys = Reflect.getMetadataKeys(target) as unknown[];
  return keys
    .filter((key) => typeof key === 'string' && key.startsWith(kind))
    .map((key) => (key as string).slice(kind.length));
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
  const ofMethod = read(SKIP, name, method);
  if (ofMethod !== undefined || read(LIMIT, name, method) !== undefined) return ofMethod === true;
  return read(SKIP, name, gateway) === true;
}

function read(key: string, name: string, target: object): unknown {
  return Reflect.getMetadata(key + name, target) as unknown;
}
