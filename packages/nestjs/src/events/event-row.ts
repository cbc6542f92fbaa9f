import type { OwaspEventName } from './event-reasons.js';

/** How loudly an event is logged. */
export type EventLevel = 'log' | 'warn' | 'error';

/**
 * Who decides how many events of a type there are. `refusals`: strangers do, so they are sampled, may fill only a part of
 * a sink's queue and never decide whether a sink is well. `connections`: those who were admitted do. `rare`: neither.
 */
export type EventVolume = 'refusals' | 'connections' | 'rare';

/** What is done to a field before sinks get it: see `EventPrivacy`. */
export type FieldTreatment = 'plain' | 'identifier' | 'address' | 'path' | 'text';

/** A field of an event. */
export interface EventField<Value> {
  readonly treatment: FieldTreatment;
  /** Only a type: no field has one. */
  readonly value?: Value;
}

/** The fields of an event by their names. */
export type EventFields = Readonly<Record<string, EventField<unknown>>>;

/** One type of event. */
export interface EventRow {
  readonly level: EventLevel;
  readonly volume: EventVolume;
  /** Its name in the OWASP Application Logging Vocabulary; `undefined` where nothing was wrong. */
  readonly owasp: OwaspEventName | ((event: never) => OwaspEventName | undefined);
  /** What events of the type are counted and sampled by, beside the type: the first of these fields that is there. */
  readonly reasonIn?: readonly string[];
  /** Words that a reason may be; any other one is counted as `other`, so that no table of counters grows. */
  readonly reasons?: object;
  readonly fields: EventFields;
  readonly optional?: EventFields;
}
