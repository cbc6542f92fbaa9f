import { createReadStream } from 'node:fs';

/**
 * Reads a text file that somebody else may have written, no further than `maxBytes`: `/dev/zero` ends as well.
 *
 * @throws TypeError for a file that is larger, cannot be read or is not UTF-8; it names the option and the file.
 */
export async function readBoundedFile(option: string, path: string, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > maxBytes) break;
    }
  } catch (cause) {
    const { code = 'an unknown reason' } = cause as NodeJS.ErrnoException;
    throw new TypeError(`${option} ${path} cannot be read: ${code}.`, { cause });
  }
  if (length > maxBytes) throw new TypeError(`${option} ${path} is larger than ${maxBytes} bytes.`);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
  } catch (cause) {
    throw new TypeError(`${option} ${path} is not UTF-8.`, { cause });
  }
}
