import type { OptionReader } from '../core/option-reader.js';

/** The `validation` options: what a message may look like before its DTO is asked. */
export interface ValidationOptions {
  /**
   * How large one message may be, in bytes, with all its fragments. A larger one closes the connection with 1009. At most
   * 16 MiB.
   *
   * @default 65536
   */
  readonly maxMessageBytes?: number;
  /**
   * How many fragments one message may come in. At most 100000.
   *
   * @default 64
   */
  readonly maxFragments?: number;
  /**
   * How deep objects and arrays may nest, the envelope being the first level. At most 64.
   *
   * @default 20
   */
  readonly maxDepth?: number;
  /**
   * How many members one object may have. At most 100000.
   *
   * @default 200
   */
  readonly maxKeys?: number;
  /**
   * How many values one message may hold: members and elements, at all depths. At most 100000.
   *
   * @default 1000
   */
  readonly maxNodes?: number;
  /**
   * How long an unfinished message may take to arrive, in milliseconds.
   *
   * @default 10000
   */
  readonly messageTimeoutMs?: number;
}

/** {@link ValidationOptions} with defaults filled. */
export type ResolvedValidationOptions = Readonly<Required<ValidationOptions>>;

const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
// The second pass over a decoded message recurses once for each level.
const MAX_DEPTH = 64;
const MAX_COUNT = 100_000;

/** Reads the `validation` options. The ceilings hold whatever is configured: none of these limits can be switched off. */
export function resolveValidationOptions(reader: OptionReader): ResolvedValidationOptions {
  const resolved = {
    maxMessageBytes: reader.count('maxMessageBytes', 65_536, { max: MAX_MESSAGE_BYTES }),
    maxFragments: reader.count('maxFragments', 64, { max: MAX_COUNT }),
    maxDepth: reader.count('maxDepth', 20, { max: MAX_DEPTH }),
    maxKeys: reader.count('maxKeys', 200, { max: MAX_COUNT }),
    maxNodes: reader.count('maxNodes', 1000, { max: MAX_COUNT }),
    messageTimeoutMs: reader.ms('messageTimeoutMs', 10_000),
  };
  reader.finish();
  return Object.freeze(resolved);
}
