import { addressKey, UNKNOWN_ADDRESS_KEY } from '../../core/address-key.js';
import { truncatedAddress } from '../../core/truncated-address.js';
import type { AlertScope } from '../../events/catalogue/alert-events.js';
import type { SecurityEventData } from '../../events/security-event.js';
import type { AlertSubject } from '../active-alert.js';

/** Longer ones are cut off: a key is held for as long as its window. */
const MAX_KEY = 1024;

/** By which key an event is counted. */
export type EventKey = (data: SecurityEventData) => string | undefined;

/** Whom a key stands for. */
export type KeySubject = (key: string) => AlertSubject;

/** Events of everybody. */
const EVERYBODY = '';

/** How events are counted by one scope. An event that does not say whose it is has no key. */
export function keysOf(scope: AlertScope): { readonly keyOf: EventKey; readonly subjectOf: KeySubject } {
  switch (scope) {
    case 'overall':
      return { keyOf: () => EVERYBODY, subjectOf: () => ({}) };
    case 'address':
      return { keyOf: addressOf, subjectOf: (key) => ({ address: key }) };
    case 'network':
      return { keyOf: networkOf, subjectOf: (key) => ({ network: key }) };
    case 'principal':
      return { keyOf: principalOf, subjectOf: (key) => ({ principal: key }) };
  }
}

/** The address as limits count it, an IPv6 address by its /64. */
function addressOf(data: SecurityEventData): string | undefined {
  if (!('address' in data)) return undefined;
  const key = addressKey(data.address);
  return key === UNKNOWN_ADDRESS_KEY ? undefined : key.slice('address:'.length).replace(/\/64$/, '');
}

/** The /24 of an IPv4, the /48 of an IPv6 address. */
export function networkOf(data: SecurityEventData): string | undefined {
  const network = 'address' in data ? truncatedAddress(data.address) : '';
  return network === '' ? undefined : network;
}

/** The key of the principal. */
export function principalOf(data: SecurityEventData): string | undefined {
  return 'principal' in data ? data.principal?.slice(0, MAX_KEY) : undefined;
}
