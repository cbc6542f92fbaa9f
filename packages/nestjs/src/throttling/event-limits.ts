import { type Awaitable, isPromiseLike } from '../core/awaitable.js';
import type { Clock } from '../core/clock.js';
import { isOfStrangers } from './event-window.js';
import { GONE, type MessageLimits } from './message-limits.js';
import type { ThrottleFinding, ThrottleReason } from './throttle-finding.js';
import type { EventThrottle, ThrottleSubject, ThrottleValues, WsThrottleContext } from './throttle-rule.js';
import { hitStorage, type StoredHit, type ThrottlerStorageLike } from './throttler-storage.js';
import { valuesOf } from './throttle-values.js';

/** A message by the rules of its event. */
export interface EventCall {
  readonly rules: readonly EventThrottle[];
  readonly limits: MessageLimits;
  /** Made only where something is computed. */
  readonly contextOf: () => WsThrottleContext;
  readonly clock: Clock;
  readonly storage: ThrottlerStorageLike | undefined;
}

/** What a limit is called by whose messages count together. Those that strangers share are told apart: nobody is charged for them. */
const REASONS: Readonly<Record<ThrottleSubject, ThrottleReason>> = {
  principal: 'event-throttle',
  connection: 'event-throttle',
  address: 'address-throttle',
  tenant: 'tenant-throttle',
};

/**
 * Counts a message among those of its event: every window takes it, or none does. At once, unless a value is computed with a
 * promise or a storage counts.
 *
 * @param now monotonic milliseconds.
 * @returns what refuses it; `undefined` when all windows have taken it.
 * @throws ThrottleValueError, or what the storage throws; at once or as a rejection. The message is then refused.
 */
export function throttleEvent(call: EventCall, now: number): Awaitable<ThrottleFinding | undefined> {
  const { enforced, fixed, isShared } = partsOf(call.rules);
  const isStored = call.storage !== undefined && isShared;
  if (fixed !== undefined && !isStored) return count(call, enforced, fixed, now);
  const values = fixed ?? enforced.map((rule) => valuesOf(rule, call.contextOf()));
  if (!isStored && !values.some(isPromiseLike)) {
    return count(call, enforced, values as readonly ThrottleValues[], now);
  }
  return countLater(call, enforced, values);
}

/** What is known of the rules of a handler before any message. */
interface RuleParts {
  readonly enforced: readonly EventThrottle[];
  readonly reported: readonly EventThrottle[];
  /** The values of those that refuse, unless they depend on the message. */
  readonly fixed: readonly ThrottleValues[] | undefined;
  /** Whether one that refuses is counted over several connections. */
  readonly isShared: boolean;
}

const PARTS = new WeakMap<readonly EventThrottle[], RuleParts>();

function partsOf(rules: readonly EventThrottle[]): RuleParts {
  const known = PARTS.get(rules);
  if (known !== undefined) return known;
  const enforced = rules.filter(({ mode }) => mode === 'enforce');
  const fixed = enforced.map((rule) => rule.fixed).filter((values) => values !== undefined);
  const parts: RuleParts = {
    enforced,
    reported: rules.filter(({ mode }) => mode === 'report'),
    fixed: fixed.length === enforced.length ? fixed : undefined,
    isShared: enforced.some(({ by }) => by !== 'connection'),
  };
  PARTS.set(rules, parts);
  return parts;
}

async function countLater(
  call: EventCall,
  enforced: readonly EventThrottle[],
  computed: readonly Awaitable<ThrottleValues>[],
): Promise<ThrottleFinding | undefined> {
  const { clock, storage, limits } = call;
  const values = await Promise.all(computed.map(async (each) => each));
  if (limits.isReleased) return GONE;
  if (storage === undefined) return count(call, enforced, values, clock.monotonic());
  const own = enforced.map((rule, index) => ({ rule, values: values[index] as ThrottleValues }));
  const local = own.filter(({ rule }) => rule.by === 'connection');
  const rules = local.map(({ rule }) => rule);
  const localValues = local.map((each) => each.values);
  // First those of this node: a storage cannot take back what it has counted.
  const refused = refusalOf(call, rules, localValues, clock.monotonic());
  if (refused !== undefined) return refused;
  const stored = own.filter(({ rule }) => rule.by !== 'connection');
  const refusal = await hitStorage(
    storage,
    stored.map((each) => hitOf(each.rule, each.values, limits)),
  );
  if (refusal !== undefined) return findingOf(refusal.rule, refusal.waitMs);
  return count(call, rules, localValues, clock.monotonic());
}

/** Counts in the windows of this node. */
function count(
  call: EventCall,
  rules: readonly EventThrottle[],
  values: readonly ThrottleValues[],
  now: number,
): ThrottleFinding | undefined {
  const { limits } = call;
  if (limits.isReleased) return GONE;
  const refused = refusalOf(call, rules, values, now);
  if (refused !== undefined) return refused;
  for (let index = 0; index < rules.length; index++) {
    const rule = rules[index] as EventThrottle;
    const ruleValues = values[index] as ThrottleValues;
    limits.remember(rule, ruleValues);
    limits.windowOf(rule, now).take(now, ruleValues);
  }
  for (const rule of partsOf(call.rules).reported) countReported(call, rule, now);
  return undefined;
}

function refusalOf(
  { limits }: EventCall,
  rules: readonly EventThrottle[],
  values: readonly ThrottleValues[],
  now: number,
): ThrottleFinding | undefined {
  for (let index = 0; index < rules.length; index++) {
    const rule = rules[index] as EventThrottle;
    const ruleValues = values[index] as ThrottleValues;
    const wait = limits.windowOf(rule, now).wait(now, ruleValues);
    // As what passes: NaN fails the comparison, so it refuses.
    if (wait <= 0) continue;
    // It may have begun a block, which must last longer than the connection.
    limits.remember(rule, ruleValues);
    return findingOf(rule, wait);
  }
  if (!limits.isShed) return undefined;
  for (const [index, rule] of rules.entries()) {
    // What strangers share is left alone: what others have sent would have this client refused.
    if (isOfStrangers(rule)) continue;
    const wait = limits.windowOf(rule, now).halfWait(now, values[index] as ThrottleValues);
    if (!(wait <= 0)) return { reason: 'shedding', waitMs: wait, option: 'throttling.shedding', isOfEvent: true };
  }
  return undefined;
}

/** Counts what refuses nothing. No message waits for it, and nothing that fails in it reaches one. */
function countReported(call: EventCall, rule: EventThrottle, now: number): void {
  const { limits, storage } = call;
  const fail = (cause: unknown): void => limits.report({ ...findingOf(rule, 0), reason: 'throttle-failed', cause });
  try {
    const values = rule.fixed ?? valuesOf(rule, call.contextOf());
    if (!isPromiseLike(values) && (storage === undefined || rule.by === 'connection')) {
      hitReported(call, rule, values, now);
      return;
    }
    const isRunning = limits.inBackground(async () => {
      try {
        await reportLater(call, rule, await values);
      } catch (cause) {
        fail(cause);
      }
    });
    if (!isRunning) fail(new Error(`${rule.label} reports later than messages come: it is not counted for now.`));
  } catch (cause) {
    fail(cause);
  }
}

async function reportLater(call: EventCall, rule: EventThrottle, values: ThrottleValues): Promise<void> {
  const { limits, storage, clock } = call;
  if (limits.isReleased) return;
  if (storage === undefined || rule.by === 'connection') {
    hitReported(call, rule, values, clock.monotonic());
    return;
  }
  const refusal = await hitStorage(storage, [hitOf(rule, values, limits)]);
  if (refusal !== undefined) limits.report(findingOf(rule, refusal.waitMs));
}

function hitReported({ limits }: EventCall, rule: EventThrottle, values: ThrottleValues, now: number): void {
  limits.remember(rule, values);
  const window = limits.windowOf(rule, now);
  const wait = window.wait(now, values);
  if (wait <= 0) window.take(now, values);
  else limits.report(findingOf(rule, wait));
}

const hitOf = (rule: EventThrottle, values: ThrottleValues, limits: MessageLimits): StoredHit => ({
  rule,
  values,
  subject: limits.keyOf(rule),
});

const findingOf = (rule: EventThrottle, waitMs: number): ThrottleFinding => ({
  reason: REASONS[rule.by],
  waitMs,
  option: rule.label,
  isOfEvent: true,
});
