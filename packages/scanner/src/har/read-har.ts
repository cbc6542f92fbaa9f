import type { HarEntry, HarField, HarMessage } from './har-entry.js';

/**
 * Reads the WebSockets of a HAR; pages, scripts and pictures beside them are passed over.
 *
 * @throws TypeError for what is no HAR, or holds a WebSocket that cannot be read.
 */
export function readHar(content: string): readonly HarEntry[] {
  const entries = field(field(parse(content), 'log'), 'entries');
  if (!Array.isArray(entries)) throw new TypeError('it is no HAR: it has no "log" with "entries".');
  return (entries as readonly unknown[]).flatMap((entry, index) => readEntry(entry, `entry ${index + 1}`));
}

function parse(content: string): unknown {
  try {
    return JSON.parse(content.replace(/^\ufeff/, ''));
  } catch (cause) {
    throw new TypeError('it is not JSON.', { cause });
  }
}

function readEntry(entry: unknown, place: string): readonly HarEntry[] {
  const messages = field(entry, '_webSocketMessages');
  if (messages === undefined) return [];
  const request = field(entry, 'request');
  const url = webSocketUrl(field(request, 'url'));
  if (url === undefined) throw new TypeError(`${place} has no "url" of a WebSocket.`);
  if (!Array.isArray(messages)) throw new TypeError(`"_webSocketMessages" of ${place} is no array.`);
  const status = field(field(entry, 'response'), 'status');
  const startedAt = Date.parse(String(field(entry, 'startedDateTime')));
  return [
    {
      url,
      startedAt: Number.isNaN(startedAt) ? 0 : startedAt,
      request: fieldsOf(request),
      status: typeof status === 'number' ? status : 0,
      response: fieldsOf(field(entry, 'response')),
      messages: (messages as readonly unknown[]).map((message, index) =>
        readMessage(message, `message ${index + 1} of ${place}`),
      ),
    },
  ];
}

/** Chrome writes `wss://`, Firefox `https://`. */
function webSocketUrl(given: unknown): string | undefined {
  if (typeof given !== 'string') return undefined;
  const url = given.replace(/^http(s?):/i, 'ws$1:');
  return URL.canParse(url) && /^wss?:$/.test(new URL(url).protocol) ? url : undefined;
}

function readMessage(message: unknown, place: string): HarMessage {
  const [type, time, opcode, data] = ['type', 'time', 'opcode', 'data'].map((name) => field(message, name));
  if (type !== 'send' && type !== 'receive') throw new TypeError(`"type" of ${place} is neither "send" nor "receive".`);
  if (typeof data !== 'string') throw new TypeError(`"data" of ${place} is no text.`);
  if (typeof opcode !== 'number') throw new TypeError(`"opcode" of ${place} is not a number.`);
  return { type, opcode, data, time: typeof time === 'number' ? time : 0 };
}

function fieldsOf(part: unknown): readonly HarField[] {
  const headers = field(part, 'headers');
  if (!Array.isArray(headers)) return [];
  return (headers as readonly unknown[]).flatMap((header) => {
    const [name, value] = [field(header, 'name'), field(header, 'value')];
    return typeof name === 'string' && typeof value === 'string' ? [{ name, value }] : [];
  });
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}
