import { withDeadline } from '../../core/awaitable.js';
import type { Clock } from '../../core/clock.js';
import type { SecurityEventSink } from '../security-event-sink.js';

/** A sink, and what it is called. */
export interface NamedSink {
  readonly name: string;
  readonly sink: SecurityEventSink;
}

/** Gets sinks ready at the beginning of an application, and ends what they have open at its end. */
export class SinkLifecycle {
  constructor(
    private readonly sinks: readonly NamedSink[],
    private readonly clock: Clock,
    /** How long each of them may take, and all of them for their end. */
    private readonly timeoutMs: number,
    private readonly onFault: (where: string, error: unknown) => void,
  ) {}

  /** One after the other. @throws what the first of them throws, or an Error where one is not ready in time. */
  async open(): Promise<void> {
    try {
      for (const each of this.sinks) await this.#open(each);
    } catch (error) {
      // Those that are ready would hold their files until the process ends, against the next application that boots in it.
      await this.close();
      throw error;
    }
  }

  /** All at once. Never throws, and waits no longer than it may. */
  async close(): Promise<void> {
    const closed = this.sinks.map(async ({ name, sink }) => {
      try {
        await sink.close();
      } catch (error) {
        this.onFault(name, error);
      }
    });
    await withDeadline<unknown>(Promise.all(closed), this.timeoutMs, this.clock, undefined);
  }

  async #open({ name, sink }: NamedSink): Promise<void> {
    const opened = (async () => {
      await sink.open(this.clock);
      return true;
    })();
    if (await withDeadline(opened, this.timeoutMs, this.clock, false)) return;
    throw new Error(`${name} was not ready within ${this.timeoutMs} ms (events.sinkTimeoutMs).`);
  }
}
