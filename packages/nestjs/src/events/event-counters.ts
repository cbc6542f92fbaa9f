import { reasonOf, type SecurityEventData, type SecurityEventType } from './security-event.js';

/** How often events of one type were reported. */
export interface SecurityEventCount {
  readonly total: number;
  /** The same by reason; a reason that is in no vocabulary counts as `other`. */
  readonly reasons: Readonly<Record<string, number>>;
}

/** A snapshot of how often each type of event was reported since the process began. */
export type SecurityEventCounts = Readonly<Partial<Record<SecurityEventType, SecurityEventCount>>>;

interface Count {
  total: number;
  readonly reasons: Map<string, number>;
}

/** Counts events exactly, whatever of them is sampled or dropped later. Types and reasons are closed vocabularies. */
export class EventCounters {
  readonly #counts = new Map<SecurityEventType, Count>();

  /** Counts one event. */
  add(event: SecurityEventData): void {
    let count = this.#counts.get(event.type);
    if (count === undefined) this.#counts.set(event.type, (count = { total: 0, reasons: new Map() }));
    count.total++;
    const reason = reasonOf(event);
    if (reason !== undefined) count.reasons.set(reason, (count.reasons.get(reason) ?? 0) + 1);
  }

  /** The counts at this moment. */
  snapshot(): SecurityEventCounts {
    const counts: Partial<Record<SecurityEventType, SecurityEventCount>> = {};
    for (const [type, { total, reasons }] of this.#counts) {
      counts[type] = { total, reasons: Object.fromEntries(reasons) };
    }
    return counts;
  }
}
