import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { endsTorn, type FileTail, readTail } from './file-tail.js';

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants;

/**
 * Appended to only; made if it is missing; never through a symbolic link, which somebody else may have put in its place
 * (CWE-59); and a FIFO must not hold up the process until somebody reads it.
 */
const FLAGS = O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK;

/** What has become of a file since it was looked at last. */
export interface FoundFile {
  /** Whether its path still leads to it: somebody may have moved or removed it. */
  readonly isThere: boolean;
  /** Whether it is shorter than it was left. Whoever writes to it only appends: somebody has taken records out of it. */
  readonly isShortened: boolean;
}

/** A file that lines are appended to: a batch of them arrives whole, or is taken back. */
export class AuditFile {
  #needsLineFeed = false;
  /**
   * How many bytes it has at least, as long as nobody shortens it: what was found in it, and what this process has written.
   * What others have begun to write is not in it, because they may take that back.
   */
  #leastSize: number;

  private constructor(
    private readonly handle: FileHandle,
    readonly inode: string,
    /** How many bytes it had when it was looked at last, whoever wrote them. */
    public size: number,
    /** When it was written to last, in milliseconds since 1970. */
    public writtenAt: number,
  ) {
    this.#leastSize = size;
  }

  /**
   * Opens a file, or makes it. What is written next begins a line of its own.
   *
   * @param mode its permissions, also where it was there before.
   * @throws Error for what is not a file of this user alone.
   */
  static async open(path: string, mode: number): Promise<AuditFile> {
    const handle = await open(path, FLAGS, mode);
    try {
      const { ino, dev, size, mtimeMs, nlink, uid, mode: found } = await handle.stat();
      if ((found & constants.S_IFMT) !== constants.S_IFREG) throw new Error('it is not a regular file');
      if (nlink === 0) {
        // Another process has put it away meanwhile, and removed it: another one is at the path, or will be.
        await handle.close();
        return await AuditFile.open(path, mode);
      }
      if (nlink !== 1) throw new Error('it has a second name, a hard link that somebody made');
      // Not on Windows, which has no such numbers.
      if (process.geteuid !== undefined && uid !== process.geteuid()) throw new Error('it belongs to another user');
      if ((found & 0o777) !== mode) await handle.chmod(mode);
      const file = new AuditFile(handle, `${dev}:${ino}`, size, mtimeMs);
      file.#needsLineFeed = await endsTorn(handle, size);
      return file;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** What it ends with: up to 16 MiB are read, for a chain to go on from. */
  tail(): Promise<FileTail> {
    return readTail(this.handle, this.size);
  }

  /** Whether a path leads to it. */
  async isAt(path: string): Promise<boolean> {
    try {
      const { dev, ino } = await stat(path);
      return `${dev}:${ino}` === this.inode;
    } catch {
      return false;
    }
  }

  /** Looks what has become of it. That it was shortened is said once. */
  async look(path: string): Promise<FoundFile> {
    const isThere = await this.isAt(path);
    this.size = (await this.handle.stat()).size;
    const isShortened = this.size < this.#leastSize;
    if (isShortened) {
      this.#needsLineFeed = await endsTorn(this.handle, this.size);
      this.#leastSize = this.size;
    }
    return { isThere, isShortened };
  }

  /**
   * Appends lines.
   *
   * @returns when the system has them all.
   * @throws what keeps it from that. The lines have not arrived then, and {@link isTorn} says whether parts of them have.
   */
  async append(lines: readonly string[], now: number): Promise<void> {
    const bytes = Buffer.from(`${this.#needsLineFeed ? '\n' : ''}${lines.join('\n')}\n`);
    const before = this.size;
    let written = 0;
    try {
      while (written < bytes.length) {
        written += (await this.handle.write(bytes, written, bytes.length - written)).bytesWritten;
      }
    } catch (error) {
      await this.#takeBack(before, written);
      throw error;
    }
    this.#needsLineFeed = false;
    this.size = before + written;
    this.#leastSize = this.size;
    this.writtenAt = now;
  }

  /** Whether a part of a line was left behind, which could not be taken back. */
  get isTorn(): boolean {
    return this.#needsLineFeed;
  }

  /** Waits until the disk has what was written. */
  sync(): Promise<void> {
    return this.handle.datasync();
  }

  close(): Promise<void> {
    return this.handle.close();
  }

  async #takeBack(before: number, written: number): Promise<void> {
    if (written === 0) return;
    try {
      const { size } = await this.handle.stat();
      // Another process may have appended behind it.
      if (size !== before + written) throw new Error('It is not the end any more.');
      await this.handle.truncate(before);
    } catch {
      this.#needsLineFeed = true;
    }
  }
}
