import { dirname } from 'node:path';
import { BootProblems, SecureWsBootError } from '../../core/boot-problems.js';
import { type Cancel, type Clock, SystemClock } from '../../core/clock.js';
import { OptionReader } from '../../core/option-reader.js';
import type { SecurityEvent } from '../security-event.js';
import { SecurityEventSink } from '../security-event-sink.js';
import { AuditTrail } from './audit-trail.js';
import { type FileSinkOptions, type FileSinkSettings, readFileSinkOptions } from './file-sink.options.js';
import { claimPath } from './path-claims.js';
import { type BackgroundWork, reasonOf, TroubleLog } from './trouble-log.js';

const SYNC_MS = 1000;

/**
 * Writes each event as one line of JSON to a file, which is put away when it is full or the day ends, and of which a bounded
 * number is kept. With `chain` the records are chained and signed, and `secure-ws audit verify` finds what was changed.
 *
 * Events that come while the disk is busy wait in the queue of the sink and are written together.
 */
export class FileSink extends SecurityEventSink {
  override readonly isSampled: boolean;
  #settings: FileSinkSettings | undefined;
  #trail: AuditTrail | undefined;
  #troubles: TroubleLog | undefined;
  #letGo: (() => void) | undefined;
  #clock: Clock = new SystemClock();
  /** What is under way; whatever comes next waits for it. */
  #work: Promise<unknown> = Promise.resolve();
  #isWriting = false;
  #isClosed = false;
  /** Whether somebody has opened it, and will close it. */
  #isOpen = false;
  #isSyncDue = false;
  #isAnchorDue = false;
  /** What the problems of the boot are told of. */
  #where = 'FileSink';
  readonly #timers = new Set<Cancel>();

  /** @param options are checked when the application boots, or at the first event of a sink that no application has. */
  constructor(private readonly options: FileSinkOptions) {
    super();
    this.isSampled = (options as FileSinkOptions | undefined)?.floods !== 'written';
  }

  override checkOptions(problems: BootProblems, path: string): void {
    this.#where = path;
    this.#settings = readFileSinkOptions(new OptionReader(this.options, path, problems));
  }

  /** @throws {SecureWsBootError} for a file that cannot be opened, is not this user's alone, or has a sink already. */
  override async open(clock: Clock): Promise<void> {
    const { path } = (this.#settings ??= this.#checked());
    this.#isClosed = false;
    const letGo = await claimPath(path, this);
    // The boot did not wait for so long: nobody would close what is opened now.
    if (this.#isClosed) {
      letGo?.();
      throw new Error('FileSink was closed while it was being opened.');
    }
    if (letGo === undefined) {
      throw this.#problem(`a FileSink of this process writes to ${path} already.`, 'a path of its own');
    }
    this.#clock = clock;
    this.#letGo = letGo;
    try {
      await this.#exclusively(async () => {
        await this.#openTrail();
        this.#isOpen = !this.#isClosed;
      });
    } catch (cause) {
      letGo();
      const isMissing = ((cause as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
      const fix = isMissing
        ? `mkdir -p ${dirname(path)}`
        : 'a file that this user alone may write to, in a folder of theirs';
      throw this.#problem((cause as Error).message, fix, cause);
    }
  }

  override write(event: SecurityEvent): Promise<void> {
    return this.writeBatch([event]);
  }

  /** @throws Error where they have not all arrived. */
  override async writeBatch(events: readonly SecurityEvent[]): Promise<void> {
    // The queue has given up the call of before, which hangs: one more would hang behind it, and keep its events.
    if (this.#isWriting) throw new Error('The disk has not taken the events of before.');
    this.#isWriting = true;
    try {
      await this.#exclusively(async () => {
        try {
          await (this.#trail ?? (await this.#openTrail())).append(events, this.#clock.now());
        } finally {
          // What is told before its beginning, by a boot that may fail, or after the end of the application is written, and leaves
          // nothing open behind it.
          if (!this.#isOpen) await this.#closeTrail();
        }
      });
    } finally {
      this.#isWriting = false;
    }
    if (this.#settings?.fsync === 'every-second' && this.#isOpen) this.#syncSoon();
  }

  override async close(): Promise<void> {
    this.#isClosed = true;
    this.#isOpen = false;
    try {
      await this.#exclusively(() => this.#closeTrail());
    } finally {
      this.#letGo?.();
    }
  }

  #problem(problem: string, fix: string, cause?: unknown): SecureWsBootError {
    return new SecureWsBootError([{ where: `${this.#where}.path`, problem, fix }], { cause });
  }

  async #closeTrail(): Promise<void> {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#isSyncDue = false;
    this.#isAnchorDue = false;
    const trail = this.#trail;
    this.#trail = undefined;
    await trail?.close(this.#clock.now());
  }

  async #openTrail(): Promise<AuditTrail> {
    const settings = (this.#settings ??= this.#checked());
    const trail = new AuditTrail(settings, (this.#troubles ??= new TroubleLog(settings.path)));
    try {
      await trail.open();
    } catch (cause) {
      throw new Error(`FileSink cannot write to ${settings.path}: ${reasonOf(cause)}.`, { cause });
    }
    const { chain } = settings;
    if (chain !== undefined) {
      this.#timers.add(this.#clock.every(chain.anchorEveryMs, () => this.#anchorSoon(trail)));
    }
    return (this.#trail = trail);
  }

  /** The settings of a sink that no boot has checked. */
  #checked(): FileSinkSettings {
    const problems = new BootProblems();
    const settings = readFileSinkOptions(new OptionReader(this.options, 'FileSink', problems));
    if (problems.problems.length > 0) throw new SecureWsBootError(problems.problems);
    return settings;
  }

  #anchorSoon(trail: AuditTrail): void {
    // On a disk that hangs one waits, not one for each time that it would have been due.
    if (this.#isAnchorDue) return;
    this.#isAnchorDue = true;
    this.#later('anchor', async () => {
      this.#isAnchorDue = false;
      await trail.anchor('time', this.#clock.now());
    });
  }

  #syncSoon(): void {
    if (this.#isSyncDue) return;
    this.#isSyncDue = true;
    const cancel = this.#clock.after(SYNC_MS, () => {
      this.#timers.delete(cancel);
      this.#isSyncDue = false;
      this.#later('sync', async () => this.#trail?.sync());
    });
    this.#timers.add(cancel);
  }

  /** Does what no event waits for. */
  #later(work: BackgroundWork, run: () => Promise<void>): void {
    this.#exclusively(run).then(
      () => this.#troubles?.isDone(work),
      (error: unknown) => this.#troubles?.tell(work, error),
    );
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => undefined);
    return done;
  }
}
