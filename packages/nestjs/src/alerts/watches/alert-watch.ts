import type { SecurityEventData, SecurityEventType } from '../../events/security-event.js';
import type { RaisedAlerts } from '../raised-alerts.js';

/** Holds one rule against the events. */
export interface AlertWatch {
  /** The types that it is called with. */
  readonly types: ReadonlySet<SecurityEventType>;
  readonly alerts: RaisedAlerts;
  /** Takes one event of its types. @param now monotonic milliseconds. */
  take(data: SecurityEventData, now: number): void;
  /** Looks at the time. Called about once a second. @param now monotonic milliseconds. */
  tick?(now: number): void;
}
