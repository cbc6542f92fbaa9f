import type { AlertKind, AlertScope, AlertSeverity } from '../events/catalogue/alert-events.js';

/** Whom an alert is about; nothing where it is about everybody. One of them at most. */
export interface AlertSubject {
  /** An address; of IPv6 the /64. */
  readonly address?: string;
  /** The /24 of an IPv4, the /48 of an IPv6 address. */
  readonly network?: string;
  /** The key of a principal. */
  readonly principal?: string;
  /** A reason or an `Origin` that was seen for the first time. A client may have made it up. */
  readonly seen?: string;
}

/** An alert that is under way. */
export interface ActiveAlert extends AlertSubject {
  /** The same as in its `ws.alert.raised`. */
  readonly alertId: string;
  /** The name of the rule. */
  readonly rule: string;
  /** What the rule looks for. */
  readonly kind: AlertKind;
  readonly severity: AlertSeverity;
  /** What is counted by itself; `overall` where the alert is about everybody, or about all who found no room. */
  readonly by: AlertScope;
  /** ISO 8601, UTC. */
  readonly since: string;
  /** From where on there is an alert. */
  readonly limit: number;
  /** The highest value since it was raised. */
  readonly peak: number;
}
