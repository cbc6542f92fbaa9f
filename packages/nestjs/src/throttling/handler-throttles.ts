import type { Type } from '@nestjs/common';
import { BootProblems } from '../core/boot-problems.js';
import { OptionReader } from '../core/option-reader.js';
import { THROTTLER } from '../nest/metadata.js';
import { readEventThrottle } from './read-event-throttle.js';
import type { EventThrottle, WsThrottleRule } from './throttle-rule.js';
import type { ResolvedThrottlingOptions } from './throttling.options.js';
import { WS_THROTTLE_METADATA } from './ws-throttle.decorator.js';

const { LIMIT, TTL, BLOCK_DURATION, SKIP, TRACKER, KEY_GENERATOR } = THROTTLER;

/** What holds for the events of a gateway beside its decorators. */
export type EventSettings = Pick<ResolvedThrottlingOptions, 'events' | 'mode' | 'storage'>;

/** A handler, as its rules are told and counted. */
export interface ThrottledHandler {
  /** `Gateway.method`. */
  readonly label: string;
  /** Of no other handler. */
  readonly counter: string;
}

/**
 * Reads how often an event may be sent: from `@WsThrottle`, or from `@Throttle` and `@SkipThrottle` of `@nestjs/throttler`.
 * What stands on the method wins: `@WsThrottle` replaces everything that stands on its class, the others do so name by name.
 * Two that contradict each other on one place stop the boot. Rules of `throttling.events` hold where no decorator has one of
 * their name, or skips it.
 *
 * @param handler its name in problems, and what tells it from every other one in a storage.
 */
export function readHandlerThrottles(
  method: object,
  gateway: Type,
  { label, counter }: ThrottledHandler,
  { events, mode, storage }: EventSettings,
  problems: BootProblems,
): readonly EventThrottle[] {
  const generalNames = events.map(nameOf);
  checkPlace(method, label, generalNames, problems);
  checkPlace(gateway, gateway.name, generalNames, problems);
  warnOfUnknownSkips(method, gateway, label, generalNames, problems);
  const written = rulesOf(method, gateway);
  if (ownRules(method) === undefined) {
    refuseComputed(throttlerRules([method, gateway]), label, problems);
    refuseTrackers([method, gateway], label, problems);
  }
  const names = written.map(nameOf);
  const general = events.filter((rule) => {
    const name = nameOf(rule);
    return !names.includes(name) && !isSkipped(name, method, gateway);
  });
  const seen = new Map<string, number>();
  const read = (rule: unknown, where: string, found = problems): EventThrottle => {
    const name = nameOf(rule);
    const index = seen.get(name) ?? 0;
    seen.set(name, index + 1);
    const place = { handler: label, counter, index, mode, hasStorage: storage !== undefined };
    return readEventThrottle(new OptionReader(rule, where, found), place);
  };
  return Object.freeze([
    ...written.map((rule) => read(rule, `${label} throttle`)),
    // Wrong for one handler, wrong for all: said once.
    ...general.map((rule) => {
      const found = new BootProblems();
      const where = `throttling.events[${events.indexOf(rule)}]`;
      const throttle = read(rule, where, found);
      for (const { where: at, problem, fix } of found.problems) addOnce(at, problem, fix, problems);
      for (const { where: at, warning } of found.warnings) warnOnce(at, warning, problems);
      return throttle;
    }),
  ]);
}

/** `@nestjs/throttler` calls its functions with an ExecutionContext, which a message has only after its last check. */
function refuseComputed(rules: ReadonlyMap<string, unknown>, label: string, problems: BootProblems): void {
  for (const [name, rule] of rules) {
    const computed = Object.entries(rule as object).find(([, value]) => typeof value === 'function');
    if (computed === undefined) continue;
    const problem = `has a @Throttle whose ${computed[0]} ("${name}") is a function of an ExecutionContext, which there is none of yet.`;
    addOnce(
      label,
      problem,
      `@WsThrottle({ ${computed[0]}: ({ principal }) => ..., ... }), whose functions know the principal`,
      problems,
    );
  }
}

/** Whose messages count together would be decided by something else than what was written. */
function refuseTrackers(targets: readonly object[], label: string, problems: BootProblems): void {
  for (const target of targets) {
    for (const name of namesOf(LIMIT, target)) {
      if ([TRACKER, KEY_GENERATOR].every((key) => read(key, name, target) === undefined)) continue;
      addOnce(
        label,
        `has a @Throttle ("${name}") with getTracker or generateKey, which would be ignored.`,
        "@WsThrottle({ limit: 20, ttl: seconds(10), by: 'address' }); by is also 'principal', 'connection' or 'tenant'",
        problems,
      );
    }
  }
}

/** A misspelt name would take no rule away. `@SkipThrottle()` without a name is for whatever there is. */
function warnOfUnknownSkips(
  method: object,
  gateway: Type,
  label: string,
  general: readonly string[],
  problems: BootProblems,
): void {
  const targets = [method, gateway];
  const own = targets.flatMap((target) => ownRules(target)?.map(nameOf) ?? []);
  const known = new Set(['default', ...general, ...own, ...throttlerRules(targets).keys()]);
  for (const [target, where] of [
    [method, label],
    [gateway, gateway.name],
  ] as const) {
    for (const name of namesOf(SKIP, target)) {
      if (known.has(name) || read(SKIP, name, target) !== true) continue;
      warnOnce(
        where,
        `has @SkipThrottle({ ${name}: true }), and no rule has that name here: it skips nothing.`,
        problems,
      );
    }
  }
}

function warnOnce(where: string, warning: string, problems: BootProblems): void {
  if (problems.warnings.some((known) => known.where === where && known.warning === warning)) return;
  problems.warn(where, warning);
}

function nameOf(rule: unknown): string {
  const { name } = (typeof rule === 'object' && rule !== null ? rule : {}) as { readonly name?: unknown };
  return typeof name === 'string' ? name : 'default';
}

function rulesOf(method: object, gateway: object): readonly unknown[] {
  const own = ownRules(method);
  if (own !== undefined) return own;
  const named = throttlerRules([method, gateway]);
  if (named.size > 0) return [...named].filter(([name]) => !isSkipped(name, method, gateway)).map(([, rule]) => rule);
  return (ownRules(gateway) ?? []).filter(({ name = 'default' }) => read(SKIP, name, method) !== true);
}

/** One of two that contradict each other would be ignored. */
function checkPlace(target: object, where: string, general: readonly string[], problems: BootProblems): void {
  const named = [...throttlerRules([target]).keys()];
  const written = ownRules(target)?.map(nameOf) ?? [];
  // Beside a @WsThrottle, a skip of a rule of the options alone is not ignored.
  const isOfOptions = (name: string): boolean =>
    general.includes(name) && !written.includes(name) && written.length > 0;
  const skipped = namesOf(SKIP, target).filter((name) => read(SKIP, name, target) === true && !isOfOptions(name));
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

function ownRules(target: object): readonly WsThrottleRule[] | undefined {
  return Reflect.getMetadata(WS_THROTTLE_METADATA, target) as readonly WsThrottleRule[] | undefined;
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
