import type { SecurityEvent } from '../security-event.js';

/** How many events were lost. */
export interface AuditLosses {
  /** They did not fit into the queue. */
  readonly dropped: number;
  /** The sink threw at them, rejected, or did not take them in time. */
  readonly failed: number;
}

/** What was lost since it was asked last. */
interface UntoldLosses {
  /** Events that are none of the alerts. */
  readonly events: AuditLosses | undefined;
  /** Alerts, where they are told apart. */
  readonly alerts: AuditLosses | undefined;
}

const NONE: AuditLosses = { dropped: 0, failed: 0 };

/** Counts what one sink or listener loses, until it is told. */
export class LossCount {
  #events = NONE;
  #alerts = NONE;
  #told = NONE;

  /** A report that is lost itself is not reported: two broken sinks would report each other for ever. */
  readonly #reports: ReadonlySet<string>;

  /** @param tellsAlertsApart whether alerts are told by themselves (`ws.alert.lost`), and not as a gap of the audit. */
  constructor(private readonly tellsAlertsApart: boolean) {
    this.#reports = new Set(['ws.audit.dropped', ...(tellsAlertsApart ? ['ws.alert.lost'] : [])]);
  }

  /** What was lost since the process began. */
  get total(): AuditLosses {
    return sum(this.#told, sum(this.#events, this.#alerts));
  }

  /** Counts events. @returns how many of them count. */
  add(how: keyof AuditLosses, events: readonly SecurityEvent[]): number {
    const counted = events.filter(({ type }) => !this.#reports.has(type));
    const alerts = this.tellsAlertsApart ? counted.filter(isAlert).length : 0;
    this.#alerts = sum(this.#alerts, { ...NONE, [how]: alerts });
    this.#events = sum(this.#events, { ...NONE, [how]: counted.length - alerts });
    return counted.length;
  }

  /** What is to be told now. */
  take(): UntoldLosses {
    const [events, alerts] = [this.#events, this.#alerts];
    this.#told = this.total;
    [this.#events, this.#alerts] = [NONE, NONE];
    return { events: orNone(events), alerts: orNone(alerts) };
  }
}

function isAlert({ type }: SecurityEvent): boolean {
  return type === 'ws.alert.raised' || type === 'ws.alert.ended';
}

function sum(one: AuditLosses, other: AuditLosses): AuditLosses {
  return { dropped: one.dropped + other.dropped, failed: one.failed + other.failed };
}

function orNone(losses: AuditLosses): AuditLosses | undefined {
  return losses.dropped === 0 && losses.failed === 0 ? undefined : losses;
}
