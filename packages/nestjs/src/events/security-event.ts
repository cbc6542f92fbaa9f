import { nearestOf } from '../core/option-reader.js';
import { EVENT_CATALOGUE } from './catalogue/event-catalogue.js';
import type { EventField, EventRow } from './catalogue/event-row.js';
import type { OwaspEventName } from './event-reasons.js';

type Catalogue = typeof EVENT_CATALOGUE;

/** The name of a kind of event. */
export type SecurityEventType = keyof Catalogue;

type Flat<Type> = { [Key in keyof Type]: Type[Key] };
type ValuesOf<Fields> = { readonly [Key in keyof Fields]: Fields[Key] extends EventField<infer Value> ? Value : never };
type RequiredOf<Row> = Row extends { readonly fields: infer Fields } ? ValuesOf<Fields> : never;
type OptionalOf<Row> = Row extends { readonly optional: infer Fields } ? Partial<ValuesOf<Fields>> : unknown;
type NameOf<Row> = Row extends { readonly owasp: infer Name } ? NamedBy<Name> : never;
type NamedBy<Name> = Name extends (event: never) => infer Given
  ? undefined extends Given
    ? { readonly owasp?: OwaspEventName }
    : { readonly owasp: Given }
  : { readonly owasp: Name };

/** The fields of one type of event, without its type, time and OWASP name. */
export type SecurityEventFields<Type extends SecurityEventType> = Flat<
  RequiredOf<Catalogue[Type]> & OptionalOf<Catalogue[Type]>
>;

/** What a check hands to `SecurityEvents.emit()`. Its OWASP name is derived from type and reason. */
export type SecurityEventData = {
  [Type in SecurityEventType]: Flat<{ readonly type: Type } & SecurityEventFields<Type>>;
}[SecurityEventType];

interface Dated {
  /** ISO 8601, UTC (OWASP ASVS 5.0 16.2.2). */
  readonly time: string;
}

/**
 * An event as sinks get it: dated, its OWASP name filled in, identities hashed and what clients sent made harmless, as
 * the `events` options say.
 */
export type SecurityEvent = {
  [Type in SecurityEventType]: Flat<
    { readonly type: Type } & Dated & NameOf<Catalogue[Type]> & SecurityEventFields<Type>
  >;
}[SecurityEventType];

type PrefixesOf<Type extends string> = Type extends `${infer Head}.${infer Rest}`
  ? `${Head}.*` | `${Head}.${PrefixesOf<Rest>}`
  : never;

/** A type of event, or the beginning of several: `ws.message.refused`, `ws.handshake.*`, `ws.*`. */
export type SecurityEventPattern = SecurityEventType | PrefixesOf<SecurityEventType>;

/** The events that a pattern stands for. */
export type SecurityEventOf<Pattern extends SecurityEventPattern> = Pattern extends `${infer Prefix}.*`
  ? Extract<SecurityEvent, { readonly type: `${Prefix}.${string}` }>
  : Extract<SecurityEvent, { readonly type: Pattern }>;

/** Every type of event. */
export const SECURITY_EVENT_TYPES = Object.freeze(Object.keys(EVENT_CATALOGUE)) as readonly SecurityEventType[];

/** The types of event that some patterns stand for; none for a pattern that is misspelt. */
export function typesMatching(patterns: readonly string[]): ReadonlySet<SecurityEventType> {
  return new Set(SECURITY_EVENT_TYPES.filter((type) => patterns.some((pattern) => matches(pattern, type))));
}

function matches(pattern: string, type: SecurityEventType): boolean {
  // 'ws.handshake.*' is compared with its dot: 'ws.hand*' would be a pattern that nobody means.
  return pattern.endsWith('.*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}

/** The pattern that a misspelt one stands for; all events where none is near. */
export function nearestPattern(misspelt: string): string {
  const prefixes = SECURITY_EVENT_TYPES.flatMap((type) =>
    [...type.matchAll(/\./g)].map(({ index }) => `${type.slice(0, index)}.*`),
  );
  return nearestOf(misspelt, new Set([...SECURITY_EVENT_TYPES, ...prefixes])) ?? 'ws.*';
}

/** The row of a type of event in the catalogue. */
export function rowOf(type: SecurityEventType): EventRow {
  return EVENT_CATALOGUE[type];
}

/** The name of an event in the OWASP Application Logging Vocabulary; `undefined` where nothing was wrong. */
export function owaspNameOf(event: SecurityEventData): OwaspEventName | undefined {
  const { owasp } = rowOf(event.type);
  return typeof owasp === 'function' ? owasp(event as never) : owasp;
}

/**
 * The reason that an event is counted and sampled under: a word of a closed vocabulary, so that nothing a client sends can
 * make the table of counters grow (OWASP ASVS 5.0 15.2.2).
 *
 * @returns `undefined` for events that have none.
 */
export function reasonOf(event: SecurityEventData): string | undefined {
  const { reasonIn = [], reasons = {} } = rowOf(event.type);
  for (const field of reasonIn) {
    const reason = (event as Readonly<Record<string, unknown>>)[field];
    if (reason !== undefined) return typeof reason === 'string' && Object.hasOwn(reasons, reason) ? reason : 'other';
  }
  return undefined;
}

/** Type and reason of an event in one word, such as `ws.message.refused/json-syntax`. */
export function kindOf(event: SecurityEventData): string {
  const reason = reasonOf(event);
  return reason === undefined ? event.type : `${event.type}/${reason}`;
}
