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
}
