import type { AuthenticationFailure } from '../authentication/authentication-failures.js';
import type { OwaspEventName } from '../events/event-reasons.js';
import type { AlertKind, AlertScope, AlertSeverity } from '../events/catalogue/alert-events.js';
import type { SecurityEventPattern, SecurityEventType } from '../events/security-event.js';

/** What every rule says. Which events it looks at: those of `events` that meet each of `reasons`, `failures` and `owasp`. */
interface WatchedEvents {
  /** Tells the rule from others; it stands in its alerts. Lower-case words with dashes. */
  readonly name: string;
  /** The types of events, such as `ws.handshake.refused` or `ws.message.*`. Alerts themselves are never among them. */
  readonly events: readonly SecurityEventPattern[];
  /** Only events with one of these reasons, such as `origin-not-allowed`. @default any */
  readonly reasons?: readonly string[];
  /** Only failed authentications for one of these causes. @default any */
  readonly failures?: readonly AuthenticationFailure[];
  /** Only events with one of these names of the OWASP Application Logging Vocabulary. @default any */
  readonly owasp?: readonly OwaspEventName[];
  /** Only stands in the alerts. @default 'warning' */
  readonly severity?: AlertSeverity;
  /**
   * For how many milliseconds a value must stay below half of its limit before the alert ends; only then can there be
   * another one of the same rule and key.
   *
   * @default alerts.quietMs
   */
  readonly quietMs?: number;
}

/** Too many events in a window: of everybody, or of one address, network or principal. */
export interface ThresholdAlertRule extends WatchedEvents {
  readonly kind: 'threshold';
  /**
   * What is counted by itself. An IPv6 address is its /64; a network is the /24 of an IPv4 and the /48 of an IPv6 address.
   * Events that do not say it are not counted.
   *
   * @default 'overall'
   */
  readonly by?: AlertScope;
  /** How many events raise the alert. */
  readonly limit: number;
  /** The sliding window in milliseconds; an event may count up to a sixteenth of it longer. */
  readonly windowMs: number;
}

/** More events in a window than `factor` times the moving average of the windows before. */
export interface SpikeAlertRule extends WatchedEvents {
  readonly kind: 'spike';
  /** The window, and what is averaged, in milliseconds. */
  readonly windowMs: number;
  /** How many times the average. */
  readonly factor: number;
  /** Fewer events than this are no spike, however few there were before. In the first ten windows, `factor` times as many. */
  readonly minEvents: number;
}

/** Too large a share of other events. */
export interface RatioAlertRule extends WatchedEvents {
  readonly kind: 'ratio';
  /** The types of events of which `events` are a part. */
  readonly of: readonly SecurityEventPattern[];
  /** The share that raises the alert: above 0, and 1 at most. */
  readonly limit: number;
  /** Fewer events of `of` in the window say nothing. */
  readonly minEvents: number;
  /** The sliding window in milliseconds. */
  readonly windowMs: number;
}

/** No event for a while, where there have been some before. */
export interface AbsenceAlertRule extends WatchedEvents {
  readonly kind: 'absence';
  /** For how long none may come, in milliseconds. */
  readonly windowMs: number;
}

/** A value that no event had before. */
export interface FirstSeenAlertRule extends WatchedEvents {
  readonly kind: 'first-seen';
  /** Of which value: the reason of the event, its `Origin`, or its network. */
  readonly value: 'reason' | 'origin' | 'network';
  /** For how many milliseconds after the boot values are only learnt. What came before the boot is not known. */
  readonly learnMs: number;
}

/** One principal in too many networks within a window. */
export interface ManyNetworksAlertRule extends WatchedEvents {
  readonly kind: 'many-networks';
  /** How many networks (/24 of IPv4, /48 of IPv6) raise the alert: 2 to 64. */
  readonly limit: number;
  /** For how many milliseconds a network counts after the last event from it. */
  readonly windowMs: number;
}

/** When an alert is raised: see each kind. */
export type AlertRule =
  ThresholdAlertRule | SpikeAlertRule | RatioAlertRule | AbsenceAlertRule | FirstSeenAlertRule | ManyNetworksAlertRule;

/** A rule that was read: its events are types, and nothing is left out. What its kind does not have is never looked at. */
export interface ResolvedAlertRule {
  readonly name: string;
  readonly kind: AlertKind;
  readonly types: ReadonlySet<SecurityEventType>;
  readonly reasons: ReadonlySet<string> | undefined;
  readonly failures: ReadonlySet<string> | undefined;
  readonly owasp: ReadonlySet<string> | undefined;
  readonly severity: AlertSeverity;
  readonly quietMs: number;
  readonly by: AlertScope;
  readonly of: ReadonlySet<SecurityEventType>;
  readonly value: FirstSeenAlertRule['value'];
  /** From where on there is an alert: of an absence its window, of what is seen for the first time 1. A spike has one that moves. */
  readonly limit: number;
  readonly windowMs: number;
  readonly learnMs: number;
  readonly factor: number;
  readonly minEvents: number;
}
