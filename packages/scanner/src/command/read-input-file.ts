import { readFile, stat } from 'node:fs/promises';

/**
 * Reads a file that an option names.
 *
 * @throws TypeError for one that cannot be read, or is larger than `maxBytes`.
 */
export async function readInputFile(option: string, path: string, maxBytes: number): Promise<string> {
  let size: number;
  try {
    const stats = await stat(path);
    if (!stats.isFile()) throw Object.assign(new Error(), { code: 'it is not a regular file' });
    size = stats.size;
    if (size <= maxBytes) return await readFile(path, 'utf8');
  } catch (cause) {
    const { code = 'an unknown reason' } = cause as NodeJS.ErrnoException;
    throw new TypeError(`${option} ${path} cannot be read: ${code}.`, { cause });
  }
  throw new TypeError(`${option} ${path} is larger than ${maxBytes} bytes.`);
}

/** Reads what such a file holds; what is wrong with it is said with its name. @throws TypeError */
export function readInput<Result>(option: string, path: string, read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    throw new TypeError(`${option} ${path}: ${(cause as Error).message}`, { cause });
  }
}
