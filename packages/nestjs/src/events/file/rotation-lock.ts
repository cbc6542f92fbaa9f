import { open, unlink } from 'node:fs/promises';

/** How long another process may take to put a file away, in milliseconds. One that ended meanwhile has left its lock. */
const PATIENCE_MS = 10_000;

/**
 * Lets one process at a time put the file of a path away: renaming finds whatever is at the path by then, which may be the
 * next file, that another process has just begun. The lock is a file beside it, `audit.jsonl.lock`, for as long as that takes.
 */
export class RotationLock {
  readonly #path: string;
  /** Which file this process could not put away, and since when. */
  #waiting: { readonly file: string; readonly since: number } | undefined;

  /** @param path of the file that is put away. */
  constructor(path: string) {
    this.#path = `${path}.lock`;
  }

  /**
   * Takes it, or does not wait: the file is as good for a while longer.
   *
   * @param file which one is to be put away. Where it is the same one for so long, whoever has the lock does nothing with it.
   * @param now milliseconds since 1970.
   * @returns lets go of it; `undefined` while another process has it.
   * @throws Error for a lock that can be neither made nor removed.
   */
  async take(file: string, now: number): Promise<(() => Promise<void>) | undefined> {
    if (!(await this.#make())) {
      if (this.#waiting?.file !== file) this.#waiting = { file, since: now };
      if (Math.abs(now - this.#waiting.since) < PATIENCE_MS) return undefined;
      await unlink(this.#path);
      if (!(await this.#make())) return undefined;
    }
    this.#waiting = undefined;
    return () => unlink(this.#path).catch(() => undefined);
  }

  async #make(): Promise<boolean> {
    try {
      // Never through a symbolic link, and never what somebody else has made (CWE-59).
      await (await open(this.#path, 'wx', 0o600)).close();
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  }
}
