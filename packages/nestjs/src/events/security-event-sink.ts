import type { SecurityEvent } from './security-event.js';

/**
 * Where security events go. Register one with the `events.sinks` option.
 *
 * A sink that throws or rejects is counted and never affects a connection.
 */
export abstract class SecurityEventSink {
  /** Takes one event. It must not block: hand slow work to a queue of its own. */
  abstract write(event: SecurityEvent): void | Promise<void>;
}
