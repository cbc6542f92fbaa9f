import type { Awaitable } from '../core/awaitable.js';
import type { BootProblems } from '../core/boot-problems.js';
import type { Clock } from '../core/clock.js';
import type { SecurityEvent, SecurityEventType } from './security-event.js';

/**
 * Where security events go. Register one with the `events.sinks` option.
 *
 * While a promise that it returned is pending, further events wait for it in a bounded queue. One that throws, rejects,
 * hangs or is too slow loses events, which is counted and reported, and never affects a connection or another sink.
 */
export abstract class SecurityEventSink {
  /** Whether floods are summarised for this sink: see `events.sampling`. */
  readonly isSampled: boolean = false;

  /**
   * Takes several events in one call, in place of {@link write}: those that waited while the last call was under way. What
   * it throws or rejects with counts for all of them.
   */
  writeBatch?(events: readonly SecurityEvent[]): void | Promise<void>;

  /** Takes one event. It must not block the process: return a promise for what takes time. */
  abstract write(event: SecurityEvent): void | Promise<void>;

  /**
   * Whether the sink takes events of a type at all. Asked for each event: one that nobody wants is counted and not made.
   *
   * @returns `true`, unless a sink says otherwise.
   */
  wants(_type: SecurityEventType): boolean {
    return true;
  }

  /**
   * Gets the sink ready, before the application is. A sink with an `open()` or `close()` of its own can be one application's
   * at a time: for a second one of the process the boot fails.
   *
   * @throws what keeps it from taking events: the application does not start then.
   */
  open(_clock: Clock): Awaitable<void> {
    // Most have nothing to open.
  }

  /** Ends what the sink has open. Called when the application has closed, and its last events were written. */
  close(): Awaitable<void> {
    // Nor to close.
  }

  /**
   * Adds what is wrong with the options of the sink to the problems that stop the boot.
   *
   * @internal
   */
  checkOptions(_problems: BootProblems, _path: string): void {
    // Sinks of an application check their own, where they are made.
  }
}
