import type { OptionReader } from '../../core/option-reader.js';
import { readDelays } from '../../store/backoff.js';
import type { ThrottleMode } from '../throttle-rule.js';

/** What a message can do wrong, as far as violations are concerned. */
export type ViolationKind = 'bad-frame' | 'bad-json' | 'forbidden' | 'unknown-event' | 'throttled' | 'validation';

/** What each kind of violation weighs. `0` is not allowed: what costs nothing can be tried for ever. */
export type ViolationWeights = Readonly<Record<ViolationKind, number>>;

/** `throttling.violations`: how many refused messages one principal may have. */
export interface ViolationsOptions {
  /**
   * `'report'` adds up as ever and audits what it would close (`ws.violations.reported`), but closes no connection and keeps
   * nobody away, with a warning at boot. It is not moved by `throttling.mode`: who probes for holes is not to be let on by an
   * operator who tries a rate.
   *
   * @default 'enforce'
   */
  readonly mode?: ThrottleMode;
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
  const mode = reader.oneOf('mode', ['enforce', 'report'], 'enforce');
  if (mode === 'report') reader.warn('mode', 'is "report": whoever is refused again and again is not closed.');
  return reader.finish({
    mode,
    budget: reader.count('budget', 100, { allowInfinity: true }),
    decayPerSecond: readAmount(reader, 'decayPerSecond', 1),
    weights: readWeights(reader.object('weights')),
    ...readDelays(reader),
  });
}

function readWeights(reader: OptionReader): ViolationWeights {
  const weights = KINDS.map((kind) => [kind, readAmount(reader, kind, DEFAULT_WEIGHTS[kind])] as const);
  return reader.finish(Object.fromEntries(weights)) as ViolationWeights;
}

/** A number that need not be whole. */
function readAmount(reader: OptionReader, name: string, fallback: number): number {
  const isAmount = (value: unknown): value is number => typeof value === 'number' && value >= 0.01 && value <= 1000;
  return reader.checked(name, isAmount, 'must be a number from 0.01 to 1000', String(fallback)) ?? fallback;
}
