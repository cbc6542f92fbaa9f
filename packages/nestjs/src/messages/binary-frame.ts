import { isUtf8 } from 'node:buffer';

/** How many bytes say how long the envelope is: an unsigned number, big-endian. */
export const LENGTH_BYTES = 2;

/** The two parts of a binary message of a JSON subprotocol. */
export interface BinaryFrame {
  /** The JSON text of the envelope. */
  readonly envelope: string;
  /** What stands behind it; a view of the frame. */
  readonly bytes: Buffer;
}

/**
 * Takes a binary message apart: two bytes with the length of the envelope, the envelope as JSON in UTF-8, and the bytes. One
 * frame has all of it, so that nothing has to wait for its other half, or can be put together from two messages.
 *
 * @returns `undefined` where it is not built like that, or the text is no UTF-8 (`ws` looks at text frames only).
 */
export function readBinaryFrame(frame: Buffer): BinaryFrame | undefined {
  if (frame.length < LENGTH_BYTES) return undefined;
  const end = LENGTH_BYTES + frame.readUInt16BE(0);
  if (end > frame.length) return undefined;
  const text = frame.subarray(LENGTH_BYTES, end);
  return isUtf8(text) ? { envelope: text.toString(), bytes: frame.subarray(end) } : undefined;
}
