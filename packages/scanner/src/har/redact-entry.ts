import { JWT, Redactor } from '../scope/credentials.js';
import { queryCredentials } from '../scope/query-credentials.js';
import type { HarEntry, HarField, HarMessage } from './har-entry.js';

const REDACTED = '[redacted]';

/** What carries a credential by its name; names such as `X-Api-Key` and `X-Csrf-Token` among them. */
const SECRET_NAME = /^(?:set-)?cookie$|auth|token|api-?key|secret|session|password|ticket/i;

/** Values that credentials are not shorter than. */
const MIN_VALUE = 8;

/** Browsers can send a token in the list of subprotocols alone; no registered name is as long. */
const MIN_SUBPROTOCOL = 24;

/** Takes the credentials of its own handshake out of a recorded WebSocket, and what looks like one out of its messages. */
export class EntryRedactor {
  private readonly redactor: Redactor;

  constructor(url: string, request: readonly HarField[]) {
    this.redactor = new Redactor(...credentialsOf(url, request).map((token) => ({ token })));
  }

  /** A text of any length without credentials. */
  text(text: string): string {
    return this.redactor.redact(text, Infinity).replace(JWT, `$1${REDACTED}`);
  }

  /** The same of the beginning of a longer text: half of a credential may stand at its end, which is left out. */
  beginning(text: string): string {
    const shown = this.text(text);
    let end = Math.max(0, shown.length - this.redactor.longest);
    while (end > 0 && /[\w.-]/.test(shown[end - 1] ?? '')) end--;
    return shown.slice(0, end);
  }

  /** A URL without the values of its query. */
  url(text: string): string {
    const url = new URL(text);
    for (const name of new Set(url.searchParams.keys())) url.searchParams.set(name, REDACTED);
    return this.text(url.href);
  }

  /** Fields of a handshake: those that carry a credential by their name keep the name alone. */
  fields(fields: readonly HarField[]): readonly HarField[] {
    return fields.map(({ name, value }) => ({ name, value: SECRET_NAME.test(name) ? REDACTED : this.text(value) }));
  }

  /** A message; of a binary one the bytes are searched, not their base64. */
  message(message: HarMessage): HarMessage {
    if (message.opcode !== 2) return { ...message, data: this.text(message.data) };
    const bytes = Buffer.from(message.data, 'base64').toString('latin1');
    return { ...message, data: Buffer.from(this.text(bytes), 'latin1').toString('base64') };
  }
}

/** A recorded WebSocket as it may be shown and kept. */
export function redactEntry(entry: HarEntry): HarEntry {
  const redactor = new EntryRedactor(entry.url, entry.request);
  return {
    ...entry,
    url: redactor.url(entry.url),
    request: redactor.fields(entry.request),
    response: redactor.fields(entry.response),
    messages: entry.messages.map((message) => redactor.message(message)),
  };
}

function credentialsOf(url: string, request: readonly HarField[]): readonly string[] {
  const fields = request.filter(({ name }) => SECRET_NAME.test(name)).map(({ value }) => value);
  const parts = fields.flatMap((value) => value.split(/;\s*/)).map((pair) => pair.replace(/^[^=\s]+(?:=|\s+)/, ''));
  const offered = request
    .filter(({ name }) => name.toLowerCase() === 'sec-websocket-protocol')
    .flatMap(({ value }) => value.split(','))
    .map((name) => name.trim())
    .filter(({ length }) => length >= MIN_SUBPROTOCOL);
  return [...fields, ...parts, ...offered, ...queryCredentials(new URL(url))].filter(
    ({ length }) => length >= MIN_VALUE,
  );
}
