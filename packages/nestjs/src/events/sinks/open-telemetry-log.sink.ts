import { rowOf, type SecurityEvent } from '../security-event.js';
import { SecurityEventSink } from '../security-event-sink.js';

/** A value of a log record. */
export type OpenTelemetryValue = string | number | boolean | { readonly [name: string]: OpenTelemetryValue };

/** What {@link OpenTelemetryLogSink} hands on: a part of the `LogRecord` of the Logs API. */
export interface OpenTelemetryLogRecord {
  /** The type of the event, such as `ws.handshake.refused`. */
  eventName: string;
  timestamp: Date;
  /** `SeverityNumber` of the Logs Data Model: 9, 13 or 17. */
  severityNumber: number;
  /** The same in words: `INFO`, `WARN` or `ERROR`. */
  severityText: string;
  /** The type of the event once more, for what shows only bodies. */
  body: string;
  /** The fields of the event: `client.address`, `url.path`, every other one with the prefix `secure_ws.`. */
  attributes: Record<string, OpenTelemetryValue>;
}

/** What {@link OpenTelemetryLogSink} needs: a `Logger` of the Logs API, wherever it comes from. */
export interface OpenTelemetryLogger {
  /** Takes one event. */
  emit(record: OpenTelemetryLogRecord): void;
}

/** `SeverityNumber` of the Logs Data Model, with the text that it gives to each. */
const SEVERITY = {
  log: { severityNumber: 9, severityText: 'INFO' },
  warn: { severityNumber: 13, severityText: 'WARN' },
  error: { severityNumber: 17, severityText: 'ERROR' },
} as const;

/** Fields that the semantic conventions have a name for. */
const CONVENTIONAL: ReadonlyMap<string, string> = new Map([
  ['address', 'client.address'],
  ['path', 'url.path'],
]);

/**
 * Hands each event to a logger of the OpenTelemetry Logs API: `logs.getLogger('secure-ws')`. The type is the name of the
 * event, `client.address` and `url.path` are as the semantic conventions call them, and every other field has the prefix
 * `secure_ws.`. Floods are summarised.
 */
export class OpenTelemetryLogSink extends SecurityEventSink {
  override readonly isSampled = true;

  /** @throws TypeError for what is not a logger. */
  constructor(private readonly logger: OpenTelemetryLogger) {
    super();
    if (typeof (logger as Partial<OpenTelemetryLogger> | null | undefined)?.emit !== 'function') {
      const line =
        "new OpenTelemetryLogSink(logs.getLogger('secure-ws')), import { logs } from '@opentelemetry/api-logs'";
      throw new TypeError(`OpenTelemetryLogSink needs a logger: ${line}.`);
    }
  }

  override write(event: SecurityEvent): void | Promise<void> {
    const { type, time, ...fields } = event;
    const attributes: Record<string, OpenTelemetryValue> = {};
    for (const [name, value] of Object.entries(fields)) {
      attributes[CONVENTIONAL.get(name) ?? `secure_ws.${snakeCase(name)}`] = value as OpenTelemetryValue;
    }
    const { level } = rowOf(type);
    // One that is asynchronous is waited for: what it rejects with is a failure of this sink.
    return this.logger.emit({ eventName: type, timestamp: new Date(time), ...SEVERITY[level], body: type, attributes });
  }
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
