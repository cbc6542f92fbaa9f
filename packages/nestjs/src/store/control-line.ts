import type { Awaitable } from '../core/awaitable.js';
import type { ClusterKey } from './cluster-key.js';

/** A part of what stands on a {@link ControlLine}. */
export interface ControlBatch {
  /** The oldest first. */
  readonly messages: readonly string[];
  /** Where to read on. Only the store knows what it means. */
  readonly position: string;
  /** Whether there is nothing more at the moment. */
  readonly isLast: boolean;
  /** `false` where messages between the position that was asked for and these are gone: it goes on at the present end. */
  readonly isContinued: boolean;
}

/**
 * A line on which the nodes of an application talk to each other, in one order for all of them. Whoever can write to the store can
 * write there, too: the nodes seal what they say, and believe nothing else.
 */
export interface ControlLine {
  /** What the nodes seal their messages with. */
  readonly key: ClusterKey;
  /** Names the application: tells this line, and what a `throttling.storage` counts, from those of others. */
  readonly name: string;
  /** Adds a message, of at most 128 KiB. Old ones are forgotten. */
  say(message: string): Awaitable<void>;
  /**
   * Reads on.
   *
   * @param after the position of the last batch; `undefined` begins at the present end.
   * @param most how many at a time.
   */
  hear(after: string | undefined, most: number): Awaitable<ControlBatch>;
  /**
   * Notes that a node lives for `ttlMs`, measured by the store; 0 forgets it at once.
   *
   * @returns the nodes that live.
   */
  beat(node: string, ttlMs: number): Awaitable<readonly string[]>;
}

/** A line that fails as the rest of its store does. @param ask asks the store. */
export function watchedLine(line: ControlLine, ask: <T>(call: () => Awaitable<T>) => Awaitable<T>): ControlLine {
  return {
    key: line.key,
    name: line.name,
    say: (message) => ask(() => line.say(message)),
    hear: (after, most) => ask(() => line.hear(after, most)),
    beat: (node, ttlMs) => ask(() => line.beat(node, ttlMs)),
  };
}
