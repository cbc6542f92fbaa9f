import type { EventCause, EventLevel } from '../events/catalogue/event-row.js';
import { causedBy } from '../events/event-cause.js';
import { rowOf, type SecurityEvent, type SecurityEventType } from '../events/security-event.js';

/** How many of each group are kept. */
export const MAX_NOTABLE = 30;

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

/** Losses are told again and again for as long as a flood lasts: which fields say whose they are, and which are added up. */
const LOSSES: ReadonlyMap<string, { readonly of: readonly string[]; readonly sums: readonly string[] }> = new Map([
  ['ws.audit.dropped', { of: ['sink'], sums: ['dropped', 'failed'] }],
  ['ws.alert.lost', { of: ['sink', 'reason'], sums: ['count'] }],
]);

interface Kept extends NotableEvent {
  /** Which one it is of all. */
  readonly number: number;
}

/**
 * The last acts of operators, the last alerts and attacks, which strangers can cause, and the last news of the node itself. What
 * clients cause one by one is not among them: it is counted by reason.
 */
export class NotableEvents {
  /** By who causes them: none may push those of another out. */
  readonly #groups: Readonly<Record<EventCause, Kept[]>> = { operator: [], user: [], stranger: [], node: [] };
  #lastNumber = 0;

  note(event: SecurityEvent): void {
    const kept = this.#groups[causedBy(event)];
    const fields = addedUp(event.type, fieldsOf(event), kept);
    const number = (this.#lastNumber += 1);
    kept.push({ time: event.time, type: event.type, level: rowOf(event.type).level, fields, number });
    if (kept.length > MAX_NOTABLE) kept.shift();
  }

  /** The last one first. */
  list(): NotableEvent[] {
    return Object.values(this.#groups)
      .flat()
      .sort((a, b) => b.number - a.number)
      .map(({ number: _, ...event }) => event);
  }
}

/** A loss with what was lost before in the same way, of which the entry is taken away. */
function addedUp(type: string, fields: NotableEvent['fields'], kept: Kept[]): NotableEvent['fields'] {
  const loss = LOSSES.get(type);
  if (loss === undefined) return fields;
  const isSame = (other: NotableEvent): boolean =>
    other.type === type && loss.of.every((name) => other.fields[name] === fields[name]);
  const at = kept.findIndex(isSame);
  if (at === -1) return fields;
  const [before] = kept.splice(at, 1);
  const sums = loss.sums.map((name) => [name, Number(before?.fields[name]) + Number(fields[name])] as const);
  return { ...fields, ...Object.fromEntries(sums) };
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
