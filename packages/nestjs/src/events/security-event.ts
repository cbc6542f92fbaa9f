import type { ConnectionClosedEvent, ConnectionOpenedEvent, ViolationsExceededEvent } from './connection-events.js';
import type {
  ForwardingIgnoredEvent,
  HandshakeAcceptedEvent,
  HandshakeRefusedEvent,
  HandshakeReportedEvent,
} from './handshake-events.js';
import type { MessageRefusedEvent, MessageReportedEvent } from './message-events.js';
import type {
  ApplicationFailedEvent,
  AuditDroppedEvent,
  AuditSummaryEvent,
  DrainFinishedEvent,
  DrainStartedEvent,
  WeakConfigurationEvent,
} from './system-events.js';

export type {
  CloseInitiator,
  ConnectionClosedEvent,
  ConnectionOpenedEvent,
  ViolationsExceededEvent,
} from './connection-events.js';
export type {
  ForwardingIgnoredEvent,
  HandshakeAcceptedEvent,
  HandshakeRefusedEvent,
  HandshakeReportedEvent,
} from './handshake-events.js';
export type { MessageRefusedEvent, MessageReportedEvent } from './message-events.js';
export type { OwaspEventName } from './owasp-event-name.js';
export type {
  ApplicationFailedEvent,
  AuditDroppedEvent,
  AuditSummaryEvent,
  DrainFinishedEvent,
  DrainStartedEvent,
  WeakConfigurationEvent,
} from './system-events.js';

/** Everything that the module reports. */
type AnyEvent =
  | HandshakeAcceptedEvent
  | HandshakeRefusedEvent
  | HandshakeReportedEvent
  | ForwardingIgnoredEvent
  | ConnectionOpenedEvent
  | ConnectionClosedEvent
  | ViolationsExceededEvent
  | MessageRefusedEvent
  | MessageReportedEvent
  | ApplicationFailedEvent
  | WeakConfigurationEvent
  | DrainStartedEvent
  | DrainFinishedEvent
  | AuditDroppedEvent
  | AuditSummaryEvent;

type ToReport<Event> = Event extends unknown ? Omit<Event, 'owasp'> : never;

/**
 * What a check hands to `SecurityEvents.emit()`. Its OWASP name is derived from type and reason, in `owasp-names.ts`; one
 * that is given is not looked at.
 */
export type SecurityEventData = ToReport<AnyEvent>;

/**
 * An event as sinks get it: dated, its OWASP name filled in, identities hashed and what clients sent made harmless, as
 * the `events` options say.
 */
export type SecurityEvent = AnyEvent & {
  /** ISO 8601, UTC (OWASP ASVS 5.0 16.2.2). */
  readonly time: string;
};

/** The name of a kind of event. */
export type SecurityEventType = SecurityEvent['type'];
