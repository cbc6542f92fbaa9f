/** RFC 6455 section 5.5: a control frame carries at most 125 bytes, two of which are the close code. */
export const MAX_CLOSE_REASON_BYTES = 123;

const SHAPE = /^([a-z0-9]+(?:-[a-z0-9]+)*)(?:;retryAfterMs=(\d{1,15}))?$/;

/** The parsed form of a close reason. */
export interface CloseReason {
  /** A word of the catalogue, such as `restart`. */
  readonly word: string;
  /** How long the client should wait before it connects again, in milliseconds. */
  readonly retryAfterMs?: number;
}

/**
 * Writes a close reason: `word` or `word;retryAfterMs=N`.
 *
 * @throws TypeError when the word is not lower-case words joined by `-`, or the result exceeds 123 bytes. Reasons are a
 * fixed vocabulary: nothing that a client sent may come back in one.
 */
export function formatCloseReason(word: string, retryAfterMs?: number): string {
  const reason = retryAfterMs === undefined ? word : `${word};retryAfterMs=${Math.max(0, Math.ceil(retryAfterMs))}`;
  if (typeof word !== 'string' || !SHAPE.test(reason) || reason.length > MAX_CLOSE_REASON_BYTES) {
    throw new TypeError(
      'A close reason is a lower-case word, optionally followed by ";retryAfterMs=N", of at most 123 bytes.',
    );
  }
  return reason;
}

/**
 * Reads a close reason that {@link formatCloseReason} wrote.
 *
 * @returns `undefined` for any other text.
 */
export function parseCloseReason(reason: string): CloseReason | undefined {
  const match = SHAPE.exec(reason);
  if (match?.[1] === undefined) return undefined;
  return match[2] === undefined ? { word: match[1] } : { word: match[1], retryAfterMs: Number(match[2]) };
}
