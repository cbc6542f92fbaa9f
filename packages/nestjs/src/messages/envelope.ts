import { isMessageId, type MessageId } from '@secure-ws/protocol';

/** The parts of a client's message. */
export class Envelope {
  constructor(
    readonly event: string,
    /** `undefined` where the client sent none. */
    readonly data: unknown,
    readonly id: MessageId | undefined,
  ) {}
}

/** A value that is no envelope. */
export class EnvelopeRefusal {
  constructor(
    /** The id that the client sent, if there was a valid one: the error frame is then correlated. */
    readonly id: MessageId | undefined,
  ) {}
}

const ANONYMOUS_REFUSAL = Object.freeze(new EnvelopeRefusal(undefined));

const MAX_EVENT_LENGTH = 64;
const FIRST_PRINTABLE = 0x21;
const LAST_PRINTABLE = 0x7e;

/**
 * Reads the envelope of a decoded message: an object with `event`, and perhaps `data` and `id`, and no other key (MV-01).
 *
 * Events that begin with `$` pass here; whoever routes decides on them. Never throws.
 */
export function readEnvelope(value: unknown): Envelope | EnvelopeRefusal {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return ANONYMOUS_REFUSAL;
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
  if (id !== undefined && !isMessageId(id)) return ANONYMOUS_REFUSAL;
  if (!isStrict || !isEventName(event)) return new EnvelopeRefusal(id);
  return new Envelope(event, data, id);
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
