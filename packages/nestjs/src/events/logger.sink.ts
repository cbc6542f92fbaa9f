import { Logger } from '@nestjs/common';
import type { SecurityEvent } from './security-event.js';
import { SecurityEventSink } from './security-event-sink.js';

const ROUTINE: ReadonlySet<SecurityEvent['type']> = new Set([
  'ws.handshake.accepted',
  'ws.connection.opened',
  'ws.connection.closed',
]);

// JSON escapes CR, LF and ESC by itself. U+2028, U+2029 and the C1 controls pass through JSON but end lines or start
// escape sequences in some viewers (OWASP ASVS 5.0 16.4.1).
const LINE_BREAKING = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Writes each event as one line of JSON through Nest's logger: refusals as warnings, the rest as log lines. */
export class LoggerSink extends SecurityEventSink {
  readonly #logger = new Logger('SecureWs');

  override write(event: SecurityEvent): void {
    const line = toLine(event);
    if (event.type === 'ws.application.failed') this.#logger.error(line);
    else if (ROUTINE.has(event.type)) this.#logger.log(line);
    else this.#logger.warn(line);
  }
}

/** The JSON of an event on a single line, whatever a client put into its values. */
export function toLine(event: SecurityEvent): string {
  return JSON.stringify(event).replace(
    LINE_BREAKING,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
