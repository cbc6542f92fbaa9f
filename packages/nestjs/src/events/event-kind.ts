import { CLOSE_CODES } from '@secure-ws/protocol';
import { HANDSHAKE_REASONS } from './handshake-reasons.js';
import { MESSAGE_REASONS } from './message-reasons.js';
import type { SecurityEvent } from './security-event.js';

/** What a reason is counted as that is in none of the vocabularies. */
export const OTHER_REASON = 'other';

/**
 * The reason that an event is counted and sampled under: a word of a closed vocabulary, so that nothing a client sends can
 * make the table of counters grow (OWASP ASVS 5.0 15.2.2).
 *
 * @returns `undefined` for events that have none.
 */
export function reasonOf(event: SecurityEvent): string | undefined {
  switch (event.type) {
    case 'ws.handshake.refused':
    case 'ws.handshake.reported':
      return wordOf(HANDSHAKE_REASONS, event.reason);
    case 'ws.message.refused':
    case 'ws.message.reported':
      return wordOf(MESSAGE_REASONS, event.reason);
    case 'ws.connection.closed':
      return event.reason === undefined ? event.initiator : wordOf(CLOSE_CODES, event.reason);
    case 'ws.violations.exceeded':
      return event.chargedTo;
    default:
      return undefined;
  }
}

/** Type and reason of an event in one word, such as `ws.message.refused/json-syntax`. */
export function kindOf(event: SecurityEvent): string {
  const reason = reasonOf(event);
  return reason === undefined ? event.type : `${event.type}/${reason}`;
}

function wordOf(vocabulary: object, word: string): string {
  return Object.hasOwn(vocabulary, word) ? word : OTHER_REASON;
}
