import { ContainedLogger } from '../../core/contained-logger.js';
import { toLine } from '../../core/visible-text.js';

/** Work of a sink that no event waits for. */
export type BackgroundWork = 'anchor' | 'sync' | 'lock' | 'removal';

/** Tells the log what goes wrong beside the events, which nobody counts. */
export class TroubleLog {
  readonly #lasting = new Map<BackgroundWork, string>();

  constructor(private readonly path: string) {}

  /** Once for each trouble, until the same work is done again: on a full disk each anchor fails. */
  tell(work: BackgroundWork, error: unknown): void {
    const trouble = reasonOf(error);
    if (trouble === this.#lasting.get(work)) return;
    this.#lasting.set(work, trouble);
    this.say(trouble);
  }

  /** Each time. */
  say(trouble: string): void {
    new ContainedLogger('SecureWs').warn(toLine({ where: 'FileSink', path: this.path, trouble }));
  }

  /** What went wrong before does not any more. */
  isDone(work: BackgroundWork): void {
    this.#lasting.delete(work);
  }
}

/** What the system calls it, where it has a name. */
export function reasonOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'the folder does not exist';
  if (code === 'ELOOP') return 'it is a symbolic link';
  if (code === 'EACCES' || code === 'EROFS') return 'this user may not write there';
  if (code !== undefined) return code;
  return error instanceof Error ? error.message : 'an unknown reason';
}
