import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** A longer line is none of ours: a sink writes at most a few kilobytes. */
const MAX_LINE = 1_048_576;

const CHUNK = 65_536;
const LINE_FEED = 0x0a;

/** Which files are read. */
export interface FileLinesOptions {
  /** What the file was named by, for the text of an error: `--audit`. */
  readonly option: string;
  /** Whether a FIFO or a device is read too, until it ends. @default true */
  readonly allowsStreams?: boolean;
}

/**
 * The lines of a file that anybody may have written, without their ends. However large it is, one line is in memory; of one
 * that is too long to be ours nothing is kept, and `undefined` stands for it. What is appended meanwhile is not read, so that
 * it always ends.
 *
 * @throws TypeError for a file that cannot be read.
 */
export async function* linesOfFile(
  path: string,
  { option, allowsStreams = true }: FileLinesOptions,
): AsyncGenerator<Buffer | undefined> {
  try {
    // Without O_NONBLOCK a FIFO that nobody writes to would hold up the command for ever.
    const file = await open(path, allowsStreams ? constants.O_RDONLY : constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = await file.stat();
      if (!stats.isFile() && !allowsStreams) throw Object.assign(new Error(), { code: 'it is not a regular file' });
      if (stats.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
      yield* splitLines(readChunks(file, stats.isFile() ? stats.size : Infinity));
    } finally {
      await file.close();
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === undefined) throw cause;
    throw new TypeError(`${option} ${path} cannot be read: ${code}.`, { cause });
  }
}

async function* readChunks(file: Awaited<ReturnType<typeof open>>, size: number): AsyncGenerator<Buffer> {
  let rest = size;
  while (rest > 0) {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(CHUNK), 0, Math.min(CHUNK, rest));
    if (bytesRead === 0) return;
    rest -= bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer | undefined> {
  let parts: Buffer[] = [];
  let length = 0;
  let isTooLong = false;
  const takeLine = (): Buffer | undefined => {
    const line = isTooLong ? undefined : Buffer.concat(parts, length);
    [parts, length, isTooLong] = [[], 0, false];
    return line;
  };
  const add = (part: Buffer): void => {
    length += part.length;
    if (length > MAX_LINE) [parts, isTooLong] = [[], true];
    else parts.push(part);
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      add(chunk.subarray(start, end));
      yield takeLine();
      start = end + 1;
    }
    if (start < chunk.length) add(chunk.subarray(start));
  }
  if (length > 0) yield takeLine();
}
