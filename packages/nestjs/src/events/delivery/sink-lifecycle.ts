import { withDeadline } from '../../core/awaitable.js';
import { SecureWsBootError } from '../../core/boot-problems.js';
import type { Clock } from '../../core/clock.js';
import { visibleText } from '../../core/visible-text.js';
import type { SecurityEventSink } from '../security-event-sink.js';
import { claimSink, releaseSink } from './sink-claims.js';
import { withArticle } from '../../core/with-article.js';

/** A sink, and what it is called. */
export interface NamedSink {
  readonly name: string;
  readonly sink: SecurityEventSink;
}

/** Gets sinks ready at the beginning of an application, and ends what they have open at its end. */
export class SinkLifecycle {
  /** Those that were opened, or tried: a boot that fails ends no others, which somebody else may be about to open. */
  readonly #opened = new Set<NamedSink>();

  constructor(
    private readonly sinks: readonly NamedSink[],
    /** What they are opened with: it dates what they write. */
    private readonly clock: Clock,
    /** What `timeoutMs` is measured with. */
    private readonly sinkClock: Clock,
    /** How long each of them may take, and all of them for their end. */
    private readonly timeoutMs: number,
    private readonly onFault: (where: string, error: unknown) => void,
  ) {}

  /** One after the other. @throws {SecureWsBootError} naming the first one that cannot be opened, or is not ready in time. */
  async open(): Promise<void> {
    try {
      for (const [index, each] of this.sinks.entries()) await this.#open(each, `events.sinks[${index}]`);
    } catch (error) {
      // Those that are ready would hold their files until the process ends, against the next application that boots in it.
      await this.close();
      throw error;
    }
  }

  /** All at once that were opened. Never throws, and waits no longer than it may. */
  async close(): Promise<void> {
    const opened = [...this.#opened];
    this.#opened.clear();
    const closed = opened.map(async ({ name, sink }) => {
      try {
        await sink.close();
      } catch (error) {
        this.onFault(name, error);
      } finally {
        releaseSink(sink, this);
      }
    });
    await withDeadline<unknown>(Promise.all(closed), this.timeoutMs, this.sinkClock, undefined);
  }

  async #open(each: NamedSink, where: string): Promise<void> {
    const { name, sink } = each;
    if (!claimSink(sink, this)) {
      const problem = `is ${withArticle(name)} that another application of this process uses already.`;
      const fix = 'a sink of its own for each application: make it in a function that each of them calls';
      throw new SecureWsBootError([{ where, problem, fix }]);
    }
    this.#opened.add(each);
    const opened = (async () => {
      await sink.open(this.clock);
      return true;
    })();
    let isReady: boolean;
    try {
      isReady = await withDeadline(opened, this.timeoutMs, this.sinkClock, false);
    } catch (cause) {
      // It says more of the place itself.
      if (cause instanceof SecureWsBootError) throw cause;
      const said = cause instanceof Error && cause.message !== '' ? `: ${visibleText(cause.message)}` : '';
      const problem = `is ${withArticle(name)} that cannot be opened${said}.`;
      throw new SecureWsBootError([{ where, problem, fix: `what ${name}.open() needs, or remove the sink` }], {
        cause,
      });
    }
    if (isReady) return;
    const problem = `is ${withArticle(name)} that was not ready within ${this.timeoutMs} ms (events.sinkTimeoutMs).`;
    throw new SecureWsBootError([{ where, problem, fix: `what ${name}.open() waits for, or a longer sinkTimeoutMs` }]);
  }
}
