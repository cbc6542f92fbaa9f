import { ConsoleLogger, type LoggerService } from '@nestjs/common';
import { ContainedLogger } from '../../core/contained-logger.js';
import { toLine } from '../../core/visible-text.js';
import { rowOf, type SecurityEvent, type SecurityEventType } from '../security-event.js';
import { SecurityEventSink } from '../security-event-sink.js';

// Taken when the module is loaded: a test with fake timers would otherwise never see its own output.
const afterThisTurn = setImmediate;

let isCorked = false;

/**
 * Writes each event as one line of JSON through Nest's logger: refusals as warnings, failures as errors, the rest as log
 * lines. Floods are summarised.
 */
export class LoggerSink extends SecurityEventSink {
  override readonly isSampled = true;
  readonly #logger = new ContainedLogger('SecureWs');

  /** Not what Nest's own logger would drop. A logger of the application is given everything, and decides by itself. */
  override wants(type: SecurityEventType): boolean {
    if (rowOf(type).level !== 'log') return true;
    const console = this.#console;
    // Without a logger Nest has none here either, whatever its type says.
    if (console === undefined) return (this.#logger.localInstance as LoggerService | undefined) !== undefined;
    return console.isLevelEnabled('log');
  }

  override write(event: SecurityEvent): void | Promise<void> {
    if (this.#console !== undefined) corkForThisTurn();
    return this.#logger.write(rowOf(event.type).level, toLine(event)) as Promise<void> | undefined;
  }

  /** Nest's own logger, where that is what lines go to: of a subclass nobody knows what it does. */
  get #console(): ConsoleLogger | undefined {
    const logger: unknown = this.#logger.localInstance;
    return logger instanceof ConsoleLogger && logger.constructor === ConsoleLogger ? logger : undefined;
  }
}

/**
 * Lets what is written to stdout in this turn of the event loop leave in one write, in its order: a system call for each
 * line is what an audit line costs most. Nothing is lost where the process ends in this turn by `process.exit()` or an
 * exception; a turn's output is lost where a signal kills it at once.
 */
function corkForThisTurn(): void {
  if (isCorked) return;
  isCorked = true;
  const { stdout } = process;
  stdout.cork();
  const uncork = (): void => {
    process.off('exit', uncork);
    isCorked = false;
    stdout.uncork();
  };
  process.on('exit', uncork);
  afterThisTurn(uncork);
}
