import type { Who } from '../scope/credentials.js';

/**
 * What an identity got for a message. `not-admitted` was refused the connection to send it on; `not-tried` got none for another
 * reason, such as a limit, which says nothing of who may send what.
 */
export type ReactionKind = 'answered' | 'refused' | 'closed' | 'silent' | 'not-admitted' | 'not-tried';

/** One cell of the matrix. */
export interface Reaction {
  readonly kind: ReactionKind;
  /** What came, as it is shown: the answer, the status or the close code. */
  readonly shows: string;
}

/** A reaction with all that came, for the checks that look for an effect: it need not be in the frame that is shown. */
export interface HeardReaction extends Reaction {
  /** Every frame, in its order; bounded by what a session reads. */
  readonly heard: readonly string[];
}

/** One message, by everybody. */
export interface MatrixRow {
  /** The name of its event; `undefined` where none can be read. */
  readonly event: string | undefined;
  readonly message: string;
  /** What the policy lock says of who may send it, in words; `undefined` without a lock. */
  readonly declared: string | undefined;
  /** By identity: only those that the scan has. */
  readonly reactions: Readonly<Partial<Record<Who, Reaction>>>;
}

/** Who may send what, as it was seen: messages of one identity, sent as another, as nobody, and with an expired credential. */
export interface Matrix {
  /** The identities, in the order of the columns. */
  readonly columns: readonly Who[];
  readonly rows: readonly MatrixRow[];
}

/** What a column is called. */
export const COLUMN_TITLES: Readonly<Record<Who, string>> = {
  given: 'A',
  other: 'B',
  none: 'nobody',
  expired: 'expired',
  expiring: 'expiring',
};
