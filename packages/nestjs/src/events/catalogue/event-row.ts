import type { OwaspEventName } from '../event-reasons.js';

/** How loudly an event is logged. */
export type EventLevel = 'log' | 'warn' | 'error';

/**
 * Who decides how many events of a type there are. `refusals`: strangers do, so they are sampled, may fill only a part of
 * a sink's queue and never decide whether a sink is well. `connections`: those who were admitted do. `rare`: neither.
 */
export type EventVolume = 'refusals' | 'connections' | 'rare';

/** Who causes an event: somebody without an identity, a user, an operator, or the node itself and whom it trusts. */
export type EventCause = 'stranger' | 'user' | 'operator' | 'node';

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
  /** Who causes all events of the type. Where it is absent, `causedBy()` reads it from the event. */
  readonly causedBy?: EventCause;
  /** Its name in the OWASP Application Logging Vocabulary; `undefined` where nothing was wrong. */
  readonly owasp: OwaspEventName | ((event: never) => OwaspEventName | undefined);
  /** What events of the type are counted and sampled by, beside the type: the first of these fields that is there. */
  readonly reasonIn?: readonly string[];
  /** Words that a reason may be; any other one is counted as `other`, so that no table of counters grows. */
  readonly reasons?: object;
  readonly fields: EventFields;
  readonly optional?: EventFields;
}

/** A word of ours, a number or a random id: nothing that a client wrote, and nobody's name. */
export const plain = <Value>(): EventField<Value> => ({ treatment: 'plain' });
export const identifier: EventField<string> = { treatment: 'identifier' };
export const address: EventField<string> = { treatment: 'address' };
export const path: EventField<string> = { treatment: 'path' };
export const text: EventField<string> = { treatment: 'text' };

/** Who a connection belongs to, and where it came from. */
export const CONNECTION = { connectionId: plain<string>(), path, address, principal: identifier };

export const CONNECTION_OPTIONAL = {
  /** The `Origin` header as it came, cut to 200 characters. */
  origin: text,
  /** How the identity was proved: the authenticator's kind, and where the credential stood. */
  method: plain<string>(),
};
