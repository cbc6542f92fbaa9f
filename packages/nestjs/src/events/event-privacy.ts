import { plainAddress } from '../core/address-key.js';
import { truncatedAddress } from '../core/truncated-address.js';
import { excerpt } from '../core/visible-text.js';
import type { FieldTreatment } from './catalogue/event-row.js';
import type { EventsSettings } from './events.options.js';
import { IdentifierHash } from './identifier-hash.js';
import {
  owaspNameOf,
  rowOf,
  SECURITY_EVENT_TYPES,
  type SecurityEvent,
  type SecurityEventData,
} from './security-event.js';

/** How much of a text that a client wrote is kept. */
const MAX_TEXT = 200;

/** The fields of each type, and what is done to them. */
const FIELDS: ReadonlyMap<string, readonly (readonly [name: string, treatment: FieldTreatment])[]> = new Map(
  SECURITY_EVENT_TYPES.map((type) => {
    const { fields, optional = {} } = rowOf(type);
    return [
      type,
      Object.entries({ ...fields, ...optional }).map(([name, { treatment }]) => [name, treatment] as const),
    ];
  }),
);

/**
 * Makes the event that sinks get out of what a check reported: only the fields of the catalogue, who it was as a keyed
 * hash, addresses truncated where the options say so, and what a client wrote (`Origin`, path) cut, without its query, and
 * unable to forge a line (MO-06, MO-07).
 */
export class EventPrivacy {
  readonly #hash: IdentifierHash | undefined;
  readonly #truncatesAddresses: boolean;

  constructor({ identifiers, hashKey, addresses }: Pick<EventsSettings, 'identifiers' | 'hashKey' | 'addresses'>) {
    this.#hash = identifiers === 'hashed' ? new IdentifierHash(hashKey) : undefined;
    this.#truncatesAddresses = addresses === 'truncated';
  }

  /** The event for the sinks, frozen, because they share it. `time` is ISO 8601. */
  present(data: SecurityEventData, time: string): SecurityEvent {
    const event: Record<string, unknown> = { type: data.type, time };
    const owasp = owaspNameOf(data);
    if (owasp !== undefined) event['owasp'] = owasp;
    const given = data as Readonly<Record<string, unknown>>;
    for (const [name, treatment] of FIELDS.get(data.type) ?? []) {
      const value = given[name];
      if (value !== undefined) event[name] = treatment === 'plain' ? value : this.show(treatment, value as string);
    }
    return Object.freeze(event) as unknown as SecurityEvent;
  }

  /** One value, as it would stand in an event. */
  show(treatment: Exclude<FieldTreatment, 'plain'>, value: string): string {
    switch (treatment) {
      case 'identifier':
        return this.#hash?.of(value) ?? excerpt(value, MAX_TEXT);
      case 'address':
        return this.#truncatesAddresses ? truncatedAddress(value) : excerpt(plainAddress(value), MAX_TEXT);
      case 'path':
        return written(withoutQuery(value));
      case 'text':
        return written(value);
    }
  }
}

/** What a client wrote, cut once more where characters that show as nothing are six of those that are kept. */
function written(value: string): string {
  return excerpt(excerpt(value, MAX_TEXT), MAX_TEXT);
}

/** A path without what may carry tokens of clients that know no better place for them (OWASP ASVS 5.0 14.2.1). */
function withoutQuery(path: string): string {
  const end = path.search(/[?#]/);
  return end === -1 ? path : path.slice(0, end);
}
