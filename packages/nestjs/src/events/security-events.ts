import type { Clock } from '../internal/clock.js';
import type { SecurityEvent, SecurityEventData } from './security-event.js';
import type { SecurityEventSink } from './security-event-sink.js';

/** Hands each event to every sink and keeps their failures away from the connections. */
export class SecurityEvents {
  #failures = 0;

  constructor(
    private readonly clock: Clock,
    private readonly sinks: readonly SecurityEventSink[],
  ) {}

  /** How many times a sink threw or rejected. */
  get sinkFailures(): number {
    return this.#failures;
  }

  /** Reports an event. Never throws and never waits. */
  emit(data: SecurityEventData): void {
    const event: SecurityEvent = { ...data, time: new Date(this.clock.now()).toISOString() };
    for (const sink of this.sinks) {
      try {
        const written = sink.write(event);
        if (written !== undefined) written.catch(() => this.#failures++);
      } catch {
        this.#failures++;
      }
    }
  }
}
