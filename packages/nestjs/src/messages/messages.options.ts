import type { OptionReader } from '../core/option-reader.js';

/** The `messages` options: how the handlers of one connection run. */
export interface MessagesOptions {
  /**
   * How many handlers of one connection run at a time. With 1, messages are handled in the order in which they came.
   *
   * @default 1
   */
  readonly maxConcurrentHandlers?: number;
  /**
   * How long a handler may take, in milliseconds. Then the client gets `TIMEOUT`; the handler keeps its slot, and when it
   * has not ended after the same time again the connection closes with 1011.
   *
   * @default 10000
   */
  readonly handlerTimeoutMs?: number;
  /**
   * How many messages of one connection wait for a handler before the socket is no longer read.
   *
   * @default 32
   */
  readonly maxQueuedMessages?: number;
  /**
   * How many bytes of messages of one connection wait before the socket is no longer read.
   *
   * @default 131072
   */
  readonly maxQueuedBytes?: number;
  /**
   * How many streams (Observables and async iterables that handlers returned) one connection may have.
   *
   * @default 8
   */
  readonly maxStreams?: number;
}

/** {@link MessagesOptions} with defaults filled. */
export type ResolvedMessagesOptions = Readonly<Required<MessagesOptions>>;

/** Reads the `messages` options. */
export function resolveMessagesOptions(reader: OptionReader): ResolvedMessagesOptions {
  const resolved = {
    maxConcurrentHandlers: reader.count('maxConcurrentHandlers', 1, { max: 1000 }),
    handlerTimeoutMs: reader.ms('handlerTimeoutMs', 10_000),
    maxQueuedMessages: reader.count('maxQueuedMessages', 32, { max: 10_000 }),
    maxQueuedBytes: reader.count('maxQueuedBytes', 131_072, { max: 64 * 1024 * 1024 }),
    maxStreams: reader.count('maxStreams', 8, { min: 0, max: 1000 }),
  };
  reader.finish();
  return Object.freeze(resolved);
}
