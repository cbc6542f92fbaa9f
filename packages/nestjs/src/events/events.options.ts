import type { OptionReader } from '../internal/option-reader.js';
import { LoggerSink } from './logger.sink.js';
import { SecurityEventSink } from './security-event-sink.js';

/** The `events` options: where security events go. */
export interface EventsOptions {
  /**
   * The sinks that get every event.
   *
   * @default one {@link LoggerSink}
   */
  readonly sinks?: readonly SecurityEventSink[];
}

/** {@link EventsOptions} with defaults filled. */
export type ResolvedEventsOptions = Readonly<Required<EventsOptions>>;

/** Reads the `events` options. */
export function resolveEventsOptions(reader: OptionReader): ResolvedEventsOptions {
  const sinks = reader.raw('sinks');
  if (sinks !== undefined && !(Array.isArray(sinks) && sinks.every((sink) => sink instanceof SecurityEventSink))) {
    reader.fail('sinks', 'must be a list of SecurityEventSink instances.', 'events: { sinks: [new LoggerSink()] }');
  }
  reader.finish();
  return Object.freeze({
    sinks: Array.isArray(sinks) ? Object.freeze([...(sinks as SecurityEventSink[])]) : [new LoggerSink()],
  });
}
