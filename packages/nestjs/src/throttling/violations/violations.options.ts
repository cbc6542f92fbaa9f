import type { OptionReader } from '../../core/option-reader.js';

/** What a message can do wrong, as far as violations are concerned. */
export type ViolationKind = 'bad-frame' | 'bad-json' | 'forbidden' | 'unknown-event' | 'throttled' | 'validation';

/** What each kind of violation weighs. `0` is not allowed: what costs nothing can be tried for ever. */
export type ViolationWeights = Readonly<Record<ViolationKind, number>>;

/** `throttling.violations`: how many refused messages one principal may have. */
export interface ViolationsOptions {
  /**
   * The score up to which refused messages are only refused; above it the connection is closed with 1008 (MV-17).
   * `Infinity` never closes, with a warning at boot.
   *
   * @default 100
   */
  readonly budget?: number;
  /** How much is forgiven in a second. @default 1 */
  readonly decayPerSecond?: number;
  /**
   * What each kind weighs, 0.01 to 1000.
   *
   * @default { 'bad-frame': 20, 'bad-json': 10, forbidden: 3, 'unknown-event': 1, throttled: 1, validation: 0.5 }
   */
  readonly weights?: Partial<ViolationWeights>;
  /**
   * How long a principal stays away after its first close, in milliseconds; each further close doubles it.
   *
   * @default 1000
   */
  readonly firstDelayMs?: number;
  /** The longest time to stay away in milliseconds. @default 60000 */
  readonly maxDelayMs?: number;
}

/** {@link ViolationsOptions} with defaults filled, frozen. */
export interface ResolvedViolationsOptions extends Readonly<Required<ViolationsOptions>> {
  readonly weights: ViolationWeights;
}

const DEFAULT_WEIGHTS: ViolationWeights = Object.freeze({
  'bad-frame': 20,
  'bad-json': 10,
  forbidden: 3,
  'unknown-event': 1,
  throttled: 1,
  validation: 0.5,
});

const KINDS = Object.keys(DEFAULT_WEIGHTS) as readonly ViolationKind[];

/** Reads `throttling.violations`. Problems go to the reader; nothing is thrown. */
export function resolveViolationsOptions(reader: OptionReader): ResolvedViolationsOptions {
  const firstDelayMs = reader.ms('firstDelayMs', 1000);
  const resolved: ResolvedViolationsOptions = Object.freeze({
    budget: reader.count('budget', 100, { allowInfinity: true }),
    decayPerSecond: readAmount(reader, 'decayPerSecond', 1),
    weights: readWeights(reader.object('weights')),
    firstDelayMs,
    maxDelayMs: reader.ms('maxDelayMs', Math.max(60_000, firstDelayMs)),
  });
  if (resolved.maxDelayMs < firstDelayMs) {
    reader.fail('maxDelayMs', 'is below firstDelayMs.', `${reader.pathOf('maxDelayMs')}: ${firstDelayMs}`);
  }
  reader.finish();
  return resolved;
}

function readWeights(reader: OptionReader): ViolationWeights {
  const weights = Object.fromEntries(KINDS.map((kind) => [kind, readAmount(reader, kind, DEFAULT_WEIGHTS[kind])]));
  reader.finish();
  return Object.freeze(weights) as ViolationWeights;
}

/** A number that need not be whole. */
function readAmount(reader: OptionReader, name: string, fallback: number): number {
  const value = reader.raw(name);
  if (value === undefined) return fallback;
  // The negated form refuses NaN as well.
  if (typeof value !== 'number' || !(value >= 0.01 && value <= 1000)) {
    reader.fail(name, 'must be a number from 0.01 to 1000.', `'${reader.pathOf(name)}': ${fallback}`);
    return fallback;
  }
  return value;
}
