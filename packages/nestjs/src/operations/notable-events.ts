import type { EventLevel } from '../events/catalogue/event-row.js';
import { rowOf, type SecurityEvent, type SecurityEventType } from '../events/security-event.js';

/** How many of them are kept. */
export const MAX_NOTABLE = 50;

/** What an operator should have seen. */
export interface NotableEvent {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly type: string;
  readonly level: EventLevel;
  /** The other fields, by name: as they stand in the event, numbers and texts only. */
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

/** Whether an operator should have seen events of this type. */
export function isNotable(type: SecurityEventType): boolean {
  return rowOf(type).volume === 'rare' && type !== 'ws.audit.summary' && type !== 'ws.config.weak';
}

/** How long a text may be, and how many fields are told. */
const MAX_TEXT = 200;
const MAX_FIELDS = 16;

/**
 * The last alerts, warnings about the application itself and acts of operators. What clients cause one by one is not among them:
 * it would push the others out, and is counted by reason.
 */
export class NotableEvents {
  readonly #events: NotableEvent[] = [];

  note(event: SecurityEvent): void {
    const fields = event.type === 'ws.audit.dropped' ? this.#addUp(fieldsOf(event)) : fieldsOf(event);
    this.#events.push({ time: event.time, type: event.type, level: rowOf(event.type).level, fields });
    if (this.#events.length > MAX_NOTABLE) this.#events.shift();
  }

  /** Losses are told once a second for as long as a flood lasts: in one entry for each sink, with all of them. */
  #addUp(fields: NotableEvent['fields']): NotableEvent['fields'] {
    const isOfSink = ({ type, fields: { sink } }: NotableEvent): boolean =>
      type === 'ws.audit.dropped' && sink === fields['sink'];
    const at = this.#events.findIndex(isOfSink);
    if (at === -1) return fields;
    const [before] = this.#events.splice(at, 1);
    const sum = (name: string): number => Number(before?.fields[name] ?? 0) + Number(fields[name] ?? 0);
    return { ...fields, dropped: sum('dropped'), failed: sum('failed') };
  }

  /** The last one first. */
  list(): NotableEvent[] {
    return [...this.#events].reverse();
  }
}

function fieldsOf(event: SecurityEvent): NotableEvent['fields'] {
  const fields: Record<string, string | number | boolean> = {};
  const left = Object.entries(event).filter(([name]) => name !== 'type' && name !== 'time' && name !== 'owasp');
  for (const [name, value] of left.slice(0, MAX_FIELDS) as [string, unknown][]) {
    if (typeof value === 'string') fields[name] = value.slice(0, MAX_TEXT);
    else if (typeof value === 'number' || typeof value === 'boolean') fields[name] = value;
  }
  return fields;
}
