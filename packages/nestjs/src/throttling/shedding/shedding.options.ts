import type { OptionReader } from '../../core/option-reader.js';

/** `throttling.shedding`: when the process sheds load, before it answers nobody any more. */
export interface SheddingOptions {
  /**
   * `'enforce'` refuses new handshakes with 503 and halves what anonymous clients may send while the process is overloaded;
   * `'report'` only tells when it would; `'off'` does not look. The last two are warned of at boot.
   *
   * @default 'enforce'
   */
  readonly mode?: 'enforce' | 'report' | 'off';
  /**
   * The average delay of the event loop, in milliseconds, from which the process counts as overloaded once it has lasted for two
   * seconds. 10 to 60000.
   *
   * @default 250
   */
  readonly eventLoopDelayMs?: number;
  /**
   * How much of the heap that V8 allows (`--max-old-space-size`) may be in use, as a share; above it for two seconds the
   * process counts as overloaded. 0.1 to 0.99.
   *
   * @default 0.9
   */
  readonly heapShare?: number;
  /**
   * How long the delay must stay below half of its limit, and the heap below 9/10 of its own, before the process counts as
   * calm again, in milliseconds.
   *
   * @default 5000
   */
  readonly calmMs?: number;
  /**
   * How many bytes of messages that have begun to arrive and are not whole are kept for all connections of the process together;
   * above it the connection whose message began first is closed with 1013. It holds in every `mode`. At least 32 MiB.
   *
   * @default 67108864
   */
  readonly maxUnfinishedBytes?: number;
}

/** {@link SheddingOptions} with defaults filled. */
export type ResolvedSheddingOptions = Readonly<Required<SheddingOptions>>;

const MIB = 1024 * 1024;

/** Reads `throttling.shedding`. Problems go to the reader; nothing is thrown. */
export function resolveSheddingOptions(reader: OptionReader): ResolvedSheddingOptions {
  const mode = reader.oneOf('mode', ['enforce', 'report', 'off'], 'enforce');
  if (mode !== 'enforce') reader.warn('mode', `is "${mode}": an overloaded process takes in whoever comes.`);
  const isShare = (value: unknown): value is number => typeof value === 'number' && value >= 0.1 && value <= 0.99;
  return reader.finish({
    mode,
    eventLoopDelayMs: reader.ms('eventLoopDelayMs', 250, { min: 10, max: 60_000 }),
    heapShare: reader.checked('heapShare', isShare, 'must be a number from 0.1 to 0.99', '0.9') ?? 0.9,
    calmMs: reader.ms('calmMs', 5000, { min: 1000 }),
    maxUnfinishedBytes: reader.count('maxUnfinishedBytes', 64 * MIB, { min: 32 * MIB }),
  });
}
