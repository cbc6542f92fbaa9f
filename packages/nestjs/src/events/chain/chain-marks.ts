/** Why a process signed a record. */
export type AnchorReason = 'time' | 'count' | 'rotation' | 'moved' | 'shortened' | 'closed';

/** A record that a chain was left at. */
export interface ChainLink {
  readonly id: string;
  readonly seq: number;
  readonly hash: string;
}

/** The first record of a chain. Signed. */
export interface StartMark {
  readonly type: 'audit.start';
  /** ISO 8601, UTC. */
  readonly time: string;
  /** Which process it is, in words of the operator. */
  readonly node: string;
  /** The last record that the file had; absent where it had none, or none near its end that could be read. */
  readonly continues?: ChainLink;
  /** Whether there was something that could not be read as a record, where the chain goes on. */
  readonly gap?: 'unreadable' | 'torn';
  readonly anchorEvery: AnchorEvery;
}

/** At the latest after so many records, and so many milliseconds, one is signed. */
export interface AnchorEvery {
  readonly records: number;
  readonly ms: number;
}

/** A signed record in the middle, and at the end of a chain: it vouches for all that stands before it. */
export interface AnchorMark {
  readonly type: 'audit.anchor' | 'audit.end';
  readonly time: string;
  /** As in the start: that may be in a file that was removed. */
  readonly node: string;
  readonly reason: AnchorReason;
  /** With `moved`: when its process last wrote to the file that it left. ISO 8601, UTC. */
  readonly lastWritten?: string;
  readonly anchorEvery: AnchorEvery;
}

/** What a chain writes about itself. */
export type ChainMark = StartMark | AnchorMark;

/** Whether a type of record is of the chain itself, and not a security event. */
export function isChainMark(type: unknown): type is ChainMark['type'] {
  return type === 'audit.start' || type === 'audit.anchor' || type === 'audit.end';
}
