import { rowOf, type SecurityEvent, type SecurityEventType } from '../security-event.js';
import { SecurityEventSink } from '../security-event-sink.js';

/** What {@link PinoSink} needs of a logger: one of pino's, of any release, or of `nestjs-pino`. */
export interface PinoLogger {
  /** Takes an event of level `log`. */
  info(fields: object, message: string): void;
  /** Takes an event of level `warn`. */
  warn(fields: object, message: string): void;
  /** Takes an event of level `error`. */
  error(fields: object, message: string): void;
  /** Whether the logger writes a level. A logger without it is taken to write all. */
  isLevelEnabled?(level: string): boolean;
}

/** How pino calls a level of ours. */
const LEVELS = { log: 'info', warn: 'warn', error: 'error' } as const;

/**
 * Writes each event through a logger of pino: the event under `event`, its type as the message. Floods are summarised.
 *
 * The event has a member of its own because its `time` would stand beside the one that pino writes.
 */
export class PinoSink extends SecurityEventSink {
  override readonly isSampled = true;

  /** @throws TypeError for what is not a logger. */
  constructor(private readonly logger: PinoLogger) {
    super();
    const given = logger as Partial<PinoLogger> | null | undefined;
    if (Object.values(LEVELS).some((level) => typeof given?.[level] !== 'function')) {
      throw new TypeError("PinoSink needs a logger: new PinoSink(pino()), import { pino } from 'pino'.");
    }
  }

  /** Not what the logger would drop. */
  override wants(type: SecurityEventType): boolean {
    return this.logger.isLevelEnabled?.(LEVELS[rowOf(type).level]) ?? true;
  }

  override write(event: SecurityEvent): void | Promise<void> {
    // One whose methods are asynchronous is waited for: what it rejects with is a failure of this sink.
    return this.logger[LEVELS[rowOf(event.type).level]]({ event }, event.type);
  }
}
