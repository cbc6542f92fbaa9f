import type { FileHandle } from 'node:fs/promises';
import { type ChainRecord, readChainLine } from '../chain/chain-line.js';

/** How much of the end of a file is read to find its last record; the second one where the first has none. */
const TAIL_BYTES = [1_048_576, 16_777_216];

/** How many lines are looked at: somebody may have filled the end with empty ones. */
const MAX_LINES = 10_000;

const LINE_FEED = 0x0a;

/** What a file ends with. */
export interface FileTail {
  /** The last line that is a record of a chain, and what its hash says; `undefined` where there is none near the end. */
  readonly record: ChainRecord | undefined;
  /** Whether no other whole line stands behind that: after a crash of the machine zeros may, or what somebody has written. */
  readonly isRecordLast: boolean;
  /** Whether bytes without an end of line stand behind it all: a process ended while it wrote. */
  readonly isTorn: boolean;
  /** Whether nothing else stands in it: the process ended while it wrote the first line. */
  readonly isOnlyTorn: boolean;
}

/** Whether a file of `size` bytes ends within a line. */
export async function endsTorn(file: FileHandle, size: number): Promise<boolean> {
  if (size === 0) return false;
  const { buffer, bytesRead } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return bytesRead === 1 && buffer[0] !== LINE_FEED;
}

/** Reads what a file of `size` bytes ends with. */
export async function readTail(file: FileHandle, size: number): Promise<FileTail> {
  const [few = 0, many = 0] = TAIL_BYTES;
  const tail = await readEnd(file, size, few);
  return tail.record !== undefined || size <= few ? tail : readEnd(file, size, many);
}

async function readEnd(file: FileHandle, size: number, most: number): Promise<FileTail> {
  const length = Math.min(size, most);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
  const read = buffer.subarray(0, bytesRead);
  const end = read.lastIndexOf(LINE_FEED);
  const isTorn = read.length > 0 && end !== read.length - 1;
  return { ...lastRecord(read, end, length === size), isTorn, isOnlyTorn: isTorn && end === -1 && length === size };
}

/** @param last where the last line ends. */
function lastRecord(read: Buffer, last: number, isWholeFile: boolean): Pick<FileTail, 'record' | 'isRecordLast'> {
  let end = last;
  for (let count = 0; end !== -1 && count < MAX_LINES; count++) {
    const start = end === 0 ? -1 : read.lastIndexOf(LINE_FEED, end - 1);
    // Where that is, the first line is the rest of one.
    if (start === -1 && !isWholeFile) break;
    const record = readChainLine(read.subarray(start + 1, end));
    if (record?.isIntact === true) return { record, isRecordLast: end === last };
    end = start;
  }
  return { record: undefined, isRecordLast: false };
}
