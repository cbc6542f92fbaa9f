import { access, constants, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { toLine } from '../../core/visible-text.js';
import { AuditChain, type ChainOrigin } from '../chain/audit-chain.js';
import type { AnchorReason } from '../chain/chain-marks.js';
import { AuditFile } from './audit-file.js';
import type { FileSinkSettings } from './file-sink.options.js';
import { type FileTail, readTail } from './file-tail.js';
import { isRotationDue, RotatedFiles } from './rotated-files.js';
import { RotationLock } from './rotation-lock.js';
import type { TroubleLog } from './trouble-log.js';

/**
 * The files of one sink, the one that is written to and those that were put away, and the chain through all of them. It does
 * one thing at a time: who calls it waits for its promise.
 */
export class AuditTrail {
  readonly #rotated: RotatedFiles;
  readonly #lock: RotationLock;
  #file: AuditFile | undefined;
  #chain: AuditChain | undefined;
  /** Whether the file of before is not where it was any more: somebody has moved or removed it. */
  #isMoved = false;
  /** Whether the file was found shorter than it was left. */
  #isShortened = false;

  constructor(
    private readonly settings: FileSinkSettings,
    /** Is told what goes wrong without a record being lost. */
    private readonly troubles: Pick<TroubleLog, 'tell' | 'isDone' | 'say'>,
  ) {
    this.#rotated = new RotatedFiles(settings.path);
    this.#lock = new RotationLock(settings.path);
  }

  /** Opens the file. @throws Error where it cannot be opened, or files can never be put away. */
  async open(): Promise<void> {
    await access(dirname(this.settings.path), constants.W_OK);
    await this.#openFile();
  }

  /** Writes events. @throws what keeps them from arriving: none of them has then. */
  async append(events: readonly object[], now: number): Promise<void> {
    await this.#prepare(now);
    await this.#write((chain) => chain?.link(events, now) ?? events.map(toLine), now);
    if (this.settings.fsync === 'always') await this.sync();
  }

  /** Signs what is there. Nothing without a chain. */
  async anchor(reason: AnchorReason, now: number): Promise<void> {
    if (this.settings.chain === undefined) return;
    await this.#prepare(now);
    await this.#write((chain) => chain?.anchor(reason, now) ?? [], now);
  }

  /** Waits until the disk has what was written. */
  async sync(): Promise<void> {
    await this.#file?.sync();
  }

  /** Signs the end, and closes the file. What is appended afterwards is a chain of its own. */
  async close(now: number): Promise<void> {
    try {
      // Nothing was written, and nothing is there to be signed.
      if (this.#chain?.last !== undefined) await this.anchor('closed', now);
      await this.sync();
    } finally {
      const file = this.#file;
      this.#file = undefined;
      this.#chain = undefined;
      await file?.close();
    }
  }

  /** Has a file open at the path, with room for what is written next. */
  async #prepare(now: number): Promise<void> {
    const file = await this.#fileAtPath(now);
    if (!isRotationDue(file, now, this.settings)) return;
    if (await this.#putAway(file, now)) await this.#removeOldest();
    else await this.#fileAtPath(now);
  }

  async #fileAtPath(now: number): Promise<AuditFile> {
    await this.#look();
    const file = this.#file ?? (await this.#openFile());
    if (this.#isMoved) {
      // The first record of the new file says that there was another one.
      if (this.#chain?.last !== undefined) await this.#write((chain) => chain?.anchor('moved', now) ?? [], now);
      this.#isMoved = false;
    }
    if (this.#isShortened) {
      await this.#write((chain) => chain?.anchor('shortened', now) ?? [], now);
      this.#isShortened = false;
    }
    return file;
  }

  /** Looks whether the file is what it was. */
  async #look(): Promise<void> {
    const found = await this.#file?.look(this.settings.path);
    if (found === undefined) return;
    if (found.isShortened) {
      this.#isShortened = true;
      // Each time, and not once for all: the record that says it can be taken out as well, which is the next time.
      this.troubles.say('the file is shorter than this process left it: somebody has removed records');
    }
    if (found.isThere) return;
    this.#isMoved = true;
    await this.#leaveFile();
  }

  async #write(linesOf: (chain: AuditChain | undefined) => readonly string[], now: number): Promise<void> {
    const file = this.#file ?? (await this.#openFile());
    const lines = linesOf(this.#chain);
    if (lines.length === 0) return;
    try {
      await file.append(lines, now);
    } catch (error) {
      this.#chain?.drop();
      // A part of a record stands there: what comes next says so, and what it goes on from.
      if (file.isTorn && this.#chain !== undefined) {
        this.#chain = this.#chainFrom({ gap: 'torn', ...this.#chain.whereItStands });
      }
      throw error;
    }
    this.#chain?.keep();
  }

  /** Begins the next file. @returns whether that was done here: another process may be about it, or has done it. */
  async #putAway(file: AuditFile, now: number): Promise<boolean> {
    const letGo = await this.#takeLock(file, now);
    try {
      if (letGo === undefined || !(await file.isAt(this.settings.path))) return false;
      // The last record of a file that is put away vouches for all of it.
      if (this.#chain?.isSigned === false && this.#chain.last !== undefined) {
        await this.#write((chain) => chain?.anchor('rotation', now) ?? [], now);
      }
      await file.sync();
      const path = await this.#rotated.nextPath(now);
      if (!(await this.#isRenamed(path))) return false;
      if (!(await file.isAt(path))) {
        // Who has not asked for the lock was faster: this is the next file, which belongs behind the one that was put away.
        await rename(path, await this.#rotated.nextPath(now));
        return false;
      }
    } finally {
      await letGo?.();
    }
    await this.#leaveFile();
    await this.#openFile();
    return true;
  }

  /** Without a lock two processes may still come to terms, and the file must not grow without an end. */
  async #takeLock({ inode }: AuditFile, now: number): Promise<(() => Promise<void>) | undefined> {
    try {
      const letGo = await this.#lock.take(inode, now);
      this.troubles.isDone('lock');
      return letGo;
    } catch (error) {
      this.troubles.tell('lock', error);
      return () => Promise.resolve();
    }
  }

  /** Puts what is at the path elsewhere. @returns whether there was a file. */
  async #isRenamed(to: string): Promise<boolean> {
    try {
      await rename(this.settings.path, to);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }

  async #removeOldest(): Promise<void> {
    try {
      await this.#rotated.keepNewest(this.settings.maxFiles - 1);
      this.troubles.isDone('removal');
    } catch (error) {
      this.troubles.tell('removal', error);
    }
  }

  async #leaveFile(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #openFile(): Promise<AuditFile> {
    const file = await AuditFile.open(this.settings.path, this.settings.mode);
    try {
      if (this.settings.chain !== undefined) this.#chain ??= this.#chainFrom(await this.#originIn(file));
    } catch (error) {
      await file.close();
      throw error;
    }
    return (this.#file = file);
  }

  async #originIn(file: AuditFile): Promise<ChainOrigin> {
    const tail = await file.tail();
    return file.size === 0 || tail.isOnlyTorn ? this.#originOfRotated(tail.isTorn) : originOf(tail);
  }

  /** Where a process ended right after it had put a file away, the chain goes on from that one. */
  async #originOfRotated(isTorn: boolean): Promise<ChainOrigin> {
    let hasPart = isTorn;
    for (const path of (await this.#rotated.paths()).toReversed()) {
      const tail = await tailOf(path);
      if (!tail.isOnlyTorn) return { ...(hasPart && { gap: 'torn' as const }), ...originOf(tail) };
      hasPart = true;
    }
    return hasPart ? { gap: 'torn' } : {};
  }

  #chainFrom(origin: ChainOrigin): AuditChain | undefined {
    const { chain } = this.settings;
    return chain === undefined ? undefined : new AuditChain(chain, origin);
  }
}

async function tailOf(path: string): Promise<FileTail> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return await readTail(file, (await file.stat()).size);
  } finally {
    await file.close();
  }
}

/** One line that cannot be read must not leave the records in front of it without anything that vouches for them. */
function originOf({ record, isRecordLast, isTorn }: FileTail): ChainOrigin {
  if (record === undefined) return { gap: 'unreadable' };
  const { id, seq, hash } = record;
  const gap = isRecordLast ? 'torn' : 'unreadable';
  return { continues: { id, seq, hash }, ...((isTorn || !isRecordLast) && { gap }) };
}
