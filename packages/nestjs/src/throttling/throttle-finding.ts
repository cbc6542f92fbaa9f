/** Whose limit a message met; a word of the audit. */
export type ThrottleReason =
  | 'connection-throttle'
  | 'principal-throttle'
  | 'address-throttle'
  | 'tenant-throttle'
  | 'event-throttle'
  | 'throttle-failed'
  | 'shedding';

/** A message that found no room in a window. */
export interface ThrottleFinding {
  readonly reason: ThrottleReason;
  /** The milliseconds until there would be room. */
  readonly waitMs: number;
  /** What moves the limit: the path of an option, or a handler with its `@WsThrottle`. For the audit, never the client. */
  readonly option: string;
  /** Whether it is a rule of the event, and not one of all messages. */
  readonly isOfEvent?: boolean;
  /** What was thrown, where the limit could not be found or counted; for the operator. */
  readonly cause?: unknown;
}

/** Takes what only reports, with the handler's event where it is one of an event. Must not throw. */
export type OnReported = (finding: ThrottleFinding) => void;
