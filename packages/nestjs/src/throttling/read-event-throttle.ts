import type { OptionReader } from '../core/option-reader.js';
import { isOfStrangers } from './event-window.js';
import type { EventThrottle, ThrottleMode, ThrottleSubject, ThrottleValues, WsThrottleValue } from './throttle-rule.js';
import { missing, readLimit, readMode, readTtl } from './throttling.options.js';

const SUBJECTS = ['principal', 'connection', 'address', 'tenant'] as const satisfies readonly ThrottleSubject[];

/** What a rule is read for. */
export interface RulePlace {
  /** `Gateway.method`, for people: two classes may have one name. */
  readonly handler: string;
  /** What the handler is and no other one, as a storage is to have it. */
  readonly counter: string;
  /** Which of several rules of one name it is; the first is 0. */
  readonly index: number;
  readonly mode: ThrottleMode;
  /** Whether a `ThrottlerStorage` counts. */
  readonly hasStorage: boolean;
}

/** Reads one rule of a handler. Problems go to the reader; nothing is thrown. */
export function readEventThrottle(
  reader: OptionReader,
  { handler, counter, index, mode, hasStorage }: RulePlace,
): EventThrottle {
  const name = reader.string('name') ?? 'default';
  const rule = {
    name,
    limit: readValue(reader, 'limit', () => (reader.has('limit') ? readLimit(reader) : missing(reader, 'limit', 40))),
    ttl: readValue(reader, 'ttl', () => (reader.has('ttl') ? readTtl(reader) : missing(reader, 'ttl', 1000))),
    blockDuration: readValue(reader, 'blockDuration', () => reader.ms('blockDuration', 0, { min: 0 })),
    by: reader.oneOf('by', SUBJECTS, 'principal'),
    cost: readValue(reader, 'cost', () => readAmount(reader, 'cost', 1)),
    costPerByte: readAmount(reader, 'costPerByte', 0),
    mode: readMode(reader, mode),
  };
  checkCost(rule, reader);
  if (hasStorage && rule.by !== 'connection' && (rule.cost !== 1 || rule.costPerByte !== 0)) {
    const problem = 'is not 1, and a ThrottlerStorage (throttling.storage) counts messages one by one.';
    reader.fail(
      rule.cost === 1 ? 'costPerByte' : 'cost',
      problem,
      "remove it, or throttling.storage, or count by: 'connection'",
    );
  }
  if (hasStorage && isOfStrangers(rule) && typeof rule.limit === 'function') {
    reader.fail(
      'limit',
      `is computed, and a ThrottlerStorage (throttling.storage) blocks all of one ${rule.by} as soon as one of them finds no room.`,
      "write a number, or remove throttling.storage, or count by: 'principal'",
    );
  }
  const label = `${handler} @WsThrottle ${name}${index === 0 ? '' : `#${index}`}`;
  const ownCounter = `${counter}:${JSON.stringify([name, index])}`;
  return reader.finish({ ...rule, label, counter: ownCounter, fixed: fixedValues(rule) });
}

/** What is written down can be seen to let nothing through, or everything; what is computed is another one for each message. */
function checkCost({ limit, cost, costPerByte }: Amounts, reader: OptionReader): void {
  if (typeof cost !== 'number') return;
  if (cost === 0 && costPerByte === 0) {
    reader.fail('cost', 'is 0, and so is costPerByte: it limits nothing.', '1, or remove the rule');
  } else if (typeof limit === 'number' && cost > limit) {
    reader.fail(
      'cost',
      `is ${cost}, and the limit only ${limit}: no message ever passes.`,
      `${limit}, or a higher limit`,
    );
  }
}

type Amounts = Pick<EventThrottle, 'limit' | 'ttl' | 'blockDuration' | 'cost' | 'costPerByte'>;

function fixedValues({ limit, ttl, blockDuration, cost, costPerByte }: Amounts): ThrottleValues | undefined {
  const isFixed = [limit, ttl, blockDuration, cost].every((value) => typeof value === 'number') && costPerByte === 0;
  if (!isFixed) return undefined;
  return Object.freeze({ limit, ttl, blockMs: blockDuration, cost }) as ThrottleValues;
}

/** A function as it is; anything else as the number that it should be. */
function readValue(reader: OptionReader, name: string, readNumber: () => number): WsThrottleValue {
  const value = reader.raw(name);
  return typeof value === 'function' ? (value as Exclude<WsThrottleValue, number>) : readNumber();
}

/** A number that need not be whole. */
function readAmount(reader: OptionReader, name: string, fallback: number): number {
  const isAmount = (value: unknown): value is number =>
    typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
  return reader.checked(name, isAmount, 'must be a number from 0', String(fallback)) ?? fallback;
}
