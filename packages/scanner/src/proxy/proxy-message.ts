/** Which way a message goes. */
export const DIRECTIONS = ['to-server', 'to-client'] as const;

/** One of {@link DIRECTIONS}. */
export type Direction = (typeof DIRECTIONS)[number];

/** A message as rules and people see it. */
export interface ProxyMessage {
  /** Counts over all connections, from 1. */
  readonly id: number;
  /** Counts from 1. */
  readonly connection: number;
  readonly direction: Direction;
  readonly isBinary: boolean;
  /** Without compression; `undefined` for what cannot be read. */
  readonly data: Buffer | undefined;
}

/** What becomes of a message. */
export interface Decision {
  readonly kind: 'forward' | 'drop';
  /** In place of what came; text where the message was text. */
  readonly data?: Buffer;
  /** How often it is sent once more. @default 0 */
  readonly copies?: number;
  /** In a few words, for whoever looks on. @default '' */
  readonly why?: string;
}

/** The message goes through as it came. */
export const FORWARD: Decision = Object.freeze({ kind: 'forward' });
