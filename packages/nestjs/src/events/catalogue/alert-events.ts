import { address, type EventRow, identifier, plain, text } from './event-row.js';
import type { OwaspEventName } from '../event-reasons.js';

/** What an alert rule looks for. */
export const ALERT_KINDS = Object.freeze({
  threshold: true,
  spike: true,
  ratio: true,
  absence: true,
  'first-seen': true,
  'many-networks': true,
});

/** What an alert rule looks for. */
export type AlertKind = keyof typeof ALERT_KINDS;

/** What an alert rule counts by itself. */
export const ALERT_SCOPES = ['overall', 'address', 'network', 'principal'] as const;

/** What an alert rule counts by itself. */
export type AlertScope = (typeof ALERT_SCOPES)[number];

/** How grave an alert is. */
export const ALERT_SEVERITIES = ['info', 'warning', 'critical'] as const;

/** How grave an alert is. */
export type AlertSeverity = (typeof ALERT_SEVERITIES)[number];

/** Why an alert ended: its value was below half of its limit for a while, or the process was about to end. */
export type AlertEnd = 'calm' | 'shutdown';

/** Why an alert did not reach somebody who is told of alerts. */
const ALERT_LOSSES = Object.freeze({
  /** Too many waited. */
  'queue-full': true,
  /** The receiver answered that it does not take this one: 400 to 499. */
  refused: true,
  /** The receiver did not take it for as long as it was tried. */
  'not-taken': true,
  /** The receiver answered that it wants no more (410): told once, for all that waited. */
  gone: true,
});

/** Why an alert did not reach somebody who is told of alerts. */
export type AlertLoss = keyof typeof ALERT_LOSSES;

const ALERT = {
  /** The same in `ws.alert.raised` and in the `ws.alert.ended` that belongs to it. */
  alertId: plain<string>(),
  /** The name of the rule. */
  rule: plain<string>(),
  kind: plain<AlertKind>(),
  severity: plain<AlertSeverity>(),
  /** What is counted by itself. */
  by: plain<AlertScope>(),
  /** From where on there is an alert. */
  limit: plain<number>(),
};

const ALERT_OPTIONAL = {
  windowMs: plain<number>(),
  /** The address it is about; of IPv6 the /64. */
  address,
  /** The network it is about: /24 of IPv4, /48 of IPv6. */
  network: address,
  /** The principal it is about. */
  principal: identifier,
  /** The value that was seen for the first time. A client may have made it up. */
  seen: text,
};

// An alert is about other events, which have their names.
const noName = (): OwaspEventName | undefined => undefined;

/** What is told of alerts: the rows of the catalogue. */
export const ALERT_EVENTS = {
  /** A rule of the `alerts` options was met. Told once until it has been quiet for a while. */
  'ws.alert.raised': {
    level: 'error',
    volume: 'rare',
    causedBy: 'stranger',
    owasp: noName,
    reasonIn: ['kind'],
    reasons: ALERT_KINDS,
    fields: {
      ...ALERT,
      /** What was reached: a number of events or networks, a share from 0 to 1, or the milliseconds of an absence. */
      value: plain<number>(),
    },
    optional: {
      ...ALERT_OPTIONAL,
      /** How many more keys met the rule, beside the twenty that have an alert of their own. */
      further: plain<number>(),
    },
  },
  /** It has been quiet for a while, or the process ends, which says nothing of what it was about. */
  'ws.alert.ended': {
    level: 'log',
    volume: 'rare',
    causedBy: 'stranger',
    owasp: noName,
    reasonIn: ['kind'],
    reasons: ALERT_KINDS,
    fields: {
      ...ALERT,
      /** Why it ended. After a `shutdown` the next process watches for it from the beginning. */
      because: plain<AlertEnd>(),
      /** The highest value while it lasted. */
      peak: plain<number>(),
      durationMs: plain<number>(),
    },
    optional: ALERT_OPTIONAL,
  },
  /**
   * Alerts did not reach a webhook or a listener since the last report; at most one a second for each reason. No rule sees it: an alert about a
   * lost alert would be lost as well, and so for ever.
   */
  'ws.alert.lost': {
    level: 'error',
    volume: 'rare',
    owasp: 'sys_monitor_disabled',
    reasonIn: ['reason'],
    reasons: ALERT_LOSSES,
    fields: {
      /** Whom they did not reach, such as `alerts.webhooks[0]` or `Pager.onAlert`. */
      sink: plain<string>(),
      reason: plain<AlertLoss>(),
      count: plain<number>(),
    },
  },
} as const satisfies Record<string, EventRow>;
