import { isPromiseLike, type Awaitable } from '../core/awaitable.js';
import { MAX_TIMER_MS } from '../core/option-reader.js';
import type { EventThrottle, ThrottleValues, WsThrottleContext, WsThrottleValue } from './throttle-rule.js';

/** A value of a `@WsThrottle` that its function did not find. Its text names the rule, never a value. */
export class ThrottleValueError extends Error {
  override readonly name = 'ThrottleValueError';

  constructor(rule: string, value: ComputedName, cause?: unknown) {
    super(
      `${value} of ${rule} must be a finite number from ${BOUNDS[value][0]}: its function threw or answered something else.`,
      { cause },
    );
  }
}

/** From where to where a computed value may go. Never `Infinity`, which a division by zero makes. */
const BOUNDS = {
  limit: [0, Number.MAX_SAFE_INTEGER],
  ttl: [1, MAX_TIMER_MS],
  blockDuration: [0, MAX_TIMER_MS],
  cost: [0, Number.MAX_SAFE_INTEGER],
} as const;

type ComputedName = keyof typeof BOUNDS;

/**
 * The values of a rule for one message; at once unless one of its functions answers with a promise.
 *
 * @throws ThrottleValueError at once or as a rejection, where a function throws or answers no number of its range.
 */
export function valuesOf(rule: EventThrottle, context: WsThrottleContext): Awaitable<ThrottleValues> {
  if (rule.fixed !== undefined) return rule.fixed;
  const limit = compute(rule, 'limit', context);
  const ttl = compute(rule, 'ttl', context);
  const blockMs = compute(rule, 'blockDuration', context);
  const cost = compute(rule, 'cost', context);
  const bytes = rule.costPerByte * context.bytes;
  if ([limit, ttl, blockMs, cost].some(isPromiseLike)) {
    const values = Promise.all([limit, ttl, blockMs, cost]).then(([a, b, c, d]) => ({
      limit: a,
      ttl: b,
      blockMs: c,
      cost: d + bytes,
    }));
    // As below, where the values of another rule throw at once, or nobody may wait any more.
    values.catch(() => undefined);
    return values;
  }
  return {
    limit: limit as number,
    ttl: ttl as number,
    blockMs: blockMs as number,
    cost: (cost as number) + bytes,
  };
}

function compute(rule: EventThrottle, name: ComputedName, context: WsThrottleContext): Awaitable<number> {
  const value: WsThrottleValue = rule[name];
  if (typeof value === 'number') return value;
  let answer: number | PromiseLike<number>;
  try {
    answer = value(context);
  } catch (cause) {
    throw new ThrottleValueError(rule.label, name, cause);
  }
  const check = (found: unknown): number => {
    const [min, max] = BOUNDS[name];
    // Negated: NaN fails every comparison.
    if (typeof found !== 'number' || !(found >= min && found <= max)) throw new ThrottleValueError(rule.label, name);
    return found;
  };
  if (!isPromiseLike(answer)) return check(answer);
  const checked = Promise.resolve(answer).then(check, (cause: unknown) => {
    throw new ThrottleValueError(rule.label, name, cause);
  });
  // Where a later value throws at once nobody waits for this one: its rejection must not end the process.
  checked.catch(() => undefined);
  return checked;
}
