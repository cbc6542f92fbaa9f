import { access, constants, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Looks whether a file can be written, before something has taken its minutes.
 *
 * @throws TypeError where its folder is not there, or not for this user.
 */
export async function checkWritable(option: string, path: string): Promise<void> {
  try {
    await access(dirname(path), constants.W_OK);
  } catch (cause) {
    throw cannotWrite(option, path, cause);
  }
}

/**
 * Writes a file whole or not at all, readable for its owner only: it says where a server is weak, or what was said to it.
 *
 * @throws TypeError for a file that cannot be written.
 */
export async function writeWholeFile(option: string, path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.part`;
  try {
    await writeFile(temporary, text, { mode: 0o600, flag: 'wx' });
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw cannotWrite(option, path, cause);
  }
}

function cannotWrite(option: string, path: string, cause: unknown): TypeError {
  const { code = 'an unknown reason' } = cause as NodeJS.ErrnoException;
  return new TypeError(`${option} ${path} cannot be written: ${code}.`, { cause });
}
