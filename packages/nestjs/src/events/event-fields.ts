import type { EventField } from './event-row.js';

/** A word of ours, a number or a random id: nothing that a client wrote, and nobody's name. */
export const plain = <Value>(): EventField<Value> => ({ treatment: 'plain' });
export const identifier: EventField<string> = { treatment: 'identifier' };
export const address: EventField<string> = { treatment: 'address' };
export const path: EventField<string> = { treatment: 'path' };
export const text: EventField<string> = { treatment: 'text' };

/** Who a connection belongs to, and where it came from. */
export const CONNECTION = { connectionId: plain<string>(), path, address, principal: identifier };

export const CONNECTION_OPTIONAL = {
  /** The `Origin` header as it came, cut to 200 characters. */
  origin: text,
  /** How the identity was proved: the authenticator's kind, and where the credential stood. */
  method: plain<string>(),
};
