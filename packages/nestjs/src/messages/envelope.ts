import { isMessageId, type MessageId } from '@secure-ws/protocol';

/** Where the parts of a client's message go. */
export interface Envelope {
  event: string;
  /** `undefined` where the client sent none. */
  data: unknown;
  id: MessageId | undefined;
}

const MAX_EVENT_LENGTH = 64;
const FIRST_PRINTABLE = 0x21;
const LAST_PRINTABLE = 0x7e;

/**
 * Reads the envelope of a decoded message: an object with `event`, and perhaps `data` and `id`, and no other key (MV-01).
 * A valid `id` is kept of a value that is refused, too: the error frame is then correlated.
 *
 * Events that begin with `$` pass here; whoever routes decides on them. Never throws.
 *
 * @returns whether the value is one.
 */
export function readEnvelope(value: unknown, envelope: Envelope): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const record = value as Record<string, unknown>;
  let event: unknown;
  let data: unknown;
  let id: unknown;
  let isStrict = true;
  // One walk over the keys finds the three and the strangers: `record.event` would also find an inherited one.
  for (const key of Object.keys(record)) {
    if (key === 'event') event = record[key];
    else if (key === 'data') data = record[key];
    else if (key === 'id') id = record[key];
    else isStrict = false;
  }
  if (id !== undefined && !isMessageId(id)) return false;
  envelope.id = id;
  if (!isStrict || !isEventName(event)) return false;
  envelope.event = event;
  envelope.data = data;
  return true;
}

/** Printable ASCII without a space: what a log line, a Map key and a metric label can carry unchanged. */
function isEventName(event: unknown): event is string {
  if (typeof event !== 'string' || event.length === 0 || event.length > MAX_EVENT_LENGTH) return false;
  for (let at = 0; at < event.length; at++) {
    const code = event.charCodeAt(at);
    if (code < FIRST_PRINTABLE || code > LAST_PRINTABLE) return false;
  }
  return true;
}
