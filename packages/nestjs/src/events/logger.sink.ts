import { Logger } from '@nestjs/common';
import { EVENT_LEVELS } from './event-level.js';
import type { SecurityEvent } from './security-event.js';
import { SecurityEventSink } from './security-event-sink.js';
import { visibleText } from './visible-text.js';

/**
 * Writes each event as one line of JSON through Nest's logger: refusals as warnings, failures as errors, the rest as log
 * lines. Floods are summarised.
 */
export class LoggerSink extends SecurityEventSink {
  override readonly isSampled = true;
  readonly #logger = new Logger('SecureWs');

  override write(event: SecurityEvent): void {
    this.#logger[EVENT_LEVELS[event.type]](toLine(event));
  }
}

/** The JSON of a value on a single line, whatever a client put into it. */
export function toLine(value: object): string {
  // JSON escapes CR, LF and ESC by itself, but not U+2028, the C1 controls and bidi overrides. What is left of those stands
  // inside strings, where `\uXXXX` means the same.
  return visibleText(JSON.stringify(value));
}
