import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Which sink of this process writes to a file: two would each put away the file of the other, and neither chain would hold. */
const OWNERS = new Map<string, object>();

/**
 * Claims a file for a sink.
 *
 * @returns lets go of it; `undefined` where another sink has it, by whichever way its path leads there.
 */
export async function claimPath(path: string, owner: object): Promise<(() => void) | undefined> {
  const real = await realPathOf(path);
  if ((OWNERS.get(real) ?? owner) !== owner) return undefined;
  OWNERS.set(real, owner);
  return () => {
    if (OWNERS.get(real) === owner) OWNERS.delete(real);
  };
}

/** The file itself is never a symbolic link, but its folder may lie behind one. */
async function realPathOf(path: string): Promise<string> {
  try {
    return join(await realpath(dirname(path)), basename(path));
  } catch {
    // There is no such folder: the file cannot be opened, and its problem is told then.
    return path;
  }
}
