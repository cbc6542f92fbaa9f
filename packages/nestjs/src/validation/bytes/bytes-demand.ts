import type { ValidationIssue } from '@secure-ws/protocol';
import { type CompiledMagic, hasMagic } from './magic.js';

/** What a handler asks of the bytes of its messages. */
export interface BytesDemand {
  readonly maxBytes: number;
  /** `undefined` for anything. */
  readonly magic: CompiledMagic | undefined;
  /** What `magic` said, for whoever describes the handler: `png`, or the hexadecimal parts. */
  readonly kinds: readonly string[];
}

/**
 * Judges the bytes of a message.
 *
 * @param demand `undefined` for a handler that takes none.
 * @returns what is wrong with them; nothing of the bytes is in it.
 */
export function judgeBytes(
  bytes: Uint8Array | undefined,
  demand: BytesDemand | undefined,
): ValidationIssue | undefined {
  if (demand === undefined) return bytes === undefined ? undefined : issue('noBytes');
  if (bytes === undefined || bytes.length === 0) return issue('bytes');
  if (bytes.length > demand.maxBytes) return issue('maxBytes');
  return demand.magic === undefined || hasMagic(bytes, demand.magic) ? undefined : issue('magic');
}

const issue = (rule: string): ValidationIssue => ({ path: '', rule });

/**
 * Copies bytes out of the frame in which they came. A view would keep the whole chunk of the socket read in memory for as
 * long as the handler keeps it, and `Buffer.from()` would share a pool: what stands beside the bytes there is of other messages.
 */
export function ownBytes(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}
