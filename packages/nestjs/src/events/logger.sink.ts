import { ConsoleLogger, Logger, type LoggerService } from '@nestjs/common';
import { toLine } from './audit-text.js';
import { rowOf, type SecurityEvent, type SecurityEventType } from './security-event.js';
import { SecurityEventSink } from './security-event-sink.js';

/**
 * Writes each event as one line of JSON through Nest's logger: refusals as warnings, failures as errors, the rest as log
 * lines. Floods are summarised.
 */
export class LoggerSink extends SecurityEventSink {
  override readonly isSampled = true;
  readonly #logger = new Logger('SecureWs');

  /** Not what Nest's own logger would drop. A logger of the application is given everything, and decides by itself. */
  override wants(type: SecurityEventType): boolean {
    if (rowOf(type).level !== 'log') return true;
    // Without a logger Nest has none here either, whatever its type says.
    const logger = this.#logger.localInstance as LoggerService | undefined;
    if (!(logger instanceof ConsoleLogger) || logger.constructor !== ConsoleLogger) return logger !== undefined;
    return logger.isLevelEnabled('log');
  }

  override write(event: SecurityEvent): void {
    this.#logger[rowOf(event.type).level](toLine(event));
  }
}
