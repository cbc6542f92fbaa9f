import type { FileHandle } from 'node:fs/promises';

/** How much of the end of a file is read to find its last line. */
const TAIL_BYTES = 1_048_576;

const LINE_FEED = 0x0a;

/** What a file ends with. */
export interface FileTail {
  /** The last line that is whole; `undefined` where there is none, or it is longer than any of ours. */
  readonly line: Buffer | undefined;
  /** Whether bytes without an end of line stand behind it: a process ended while it wrote. */
  readonly isTorn: boolean;
  /** Whether nothing else stands in it: the process ended while it wrote the first line. */
  readonly isOnlyTorn: boolean;
}

/** Reads what a file of `size` bytes ends with. */
export async function readTail(file: FileHandle, size: number): Promise<FileTail> {
  const length = Math.min(size, TAIL_BYTES);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
  const read = buffer.subarray(0, bytesRead);
  const end = read.lastIndexOf(LINE_FEED);
  const isTorn = read.length > 0 && end !== read.length - 1;
  const start = end <= 0 ? -1 : read.lastIndexOf(LINE_FEED, end - 1);
  const isWhole = end !== -1 && (start !== -1 || length === size);
  return {
    line: isWhole ? read.subarray(start + 1, end) : undefined,
    isTorn,
    isOnlyTorn: isTorn && end === -1 && length === size,
  };
}
