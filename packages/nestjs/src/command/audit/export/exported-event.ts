import { isIP } from 'node:net';
import { isPlainObject } from '../../../core/option-reader.js';
import type { EventLevel } from '../../../events/catalogue/event-row.js';
import { rowOf, SECURITY_EVENT_TYPES, type SecurityEventType } from '../../../events/security-event.js';
import type { AuditRecord } from '../../audit-record.js';
import { type EventMeaning, meaningOf } from './event-meaning.js';

/** A record of an audit file that is known to be an event of ours. */
export interface ExportedEvent {
  readonly type: SecurityEventType;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly level: EventLevel;
  readonly meaning: EventMeaning;
  /** The fields of the event, without its type and time, and without its place in a chain. */
  readonly fields: AuditRecord;
  /** What identifies the record, where it is chained: no other one has it. */
  readonly uid: string | undefined;
  readonly hash: string | undefined;
}

const TYPES: ReadonlySet<unknown> = new Set(SECURITY_EVENT_TYPES);

/** Reads a record; `undefined` for what is not an event of this release. */
export function readExported(record: AuditRecord): ExportedEvent | undefined {
  const { type, time, chain, hash, signature: _, ...others } = record;
  const meaning = meaningOf(record);
  const moment = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  if (!isType(type) || meaning === undefined || Number.isNaN(moment)) return undefined;
  const { id, seq } = (chain ?? {}) as { readonly id?: unknown; readonly seq?: unknown };
  return {
    ...{ type, time: moment, level: rowOf(type).level, meaning, fields: flat(others) },
    uid: typeof id === 'string' && typeof seq === 'number' ? `${id}:${seq}` : undefined,
    hash: typeof hash === 'string' ? hash : undefined,
  };
}

/** A field that is a text; `undefined` for anything else. */
export function textOf({ fields }: ExportedEvent, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

/** A hundred thousand days in milliseconds: as nanoseconds it still fits the `long` of a collector. */
const MAX_COUNT = 8_640_000_000_000;

/** A field that counts something, rounded; `undefined` for anything else, such as the `1e999` that JSON reads as Infinity. */
export function countOf({ fields }: ExportedEvent, name: string): number | undefined {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return typeof value === 'number' && value >= 0 && value <= MAX_COUNT ? Math.round(value) : undefined;
}

/** The address of a client; `undefined` for what is none: a collector refuses the whole record for it. */
export function addressOf(event: ExportedEvent): string | undefined {
  const address = textOf(event, 'address');
  return address !== undefined && isIP(address) !== 0 && !address.includes('%') ? address : undefined;
}

/** Fields that events have: values, and one level of names with values. A file may nest so deep that JSON cannot write it. */
function flat(fields: AuditRecord): AuditRecord {
  const kept = Object.entries(fields).flatMap(([name, value]): [string, unknown][] => {
    if (isValue(value)) return [[name, value]];
    return isPlainObject(value) && Object.values(value).every(isValue) ? [[name, value]] : [];
  });
  return Object.fromEntries(kept);
}

function isValue(value: unknown): boolean {
  return typeof value === 'string' || Number.isFinite(value) || typeof value === 'boolean';
}

function isType(type: unknown): type is SecurityEventType {
  return TYPES.has(type);
}
