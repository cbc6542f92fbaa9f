import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A folder for what the app makes once and keeps: its certificate. Readable by its owner only. */
export class StateDirectory {
  constructor(private readonly path: string) {}

  /** Reads a file, or returns `undefined` where there is none yet. */
  async read(name: string): Promise<string | undefined> {
    try {
      return await readFile(join(this.path, name), 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Writes a file that only the owner may read (mode 0600, folder 0700), all of it or nothing. */
  async write(name: string, content: string): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o700 });
    await chmod(this.path, 0o700);
    // A process that dies between two writes must not leave half a key behind: write beside, then rename.
    const draft = join(this.path, `.${name}.${randomBytes(6).toString('hex')}`);
    await writeFile(draft, content, { mode: 0o600, flag: 'wx' });
    await rename(draft, join(this.path, name));
  }
}
