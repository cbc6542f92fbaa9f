import { ContainedLogger } from '../../core/contained-logger.js';
import { BootProblems, SecureWsBootError } from '../../core/boot-problems.js';
import { type Clock, SystemClock } from '../../core/clock.js';
import { OptionReader } from '../../core/option-reader.js';
import { toLine } from '../../core/visible-text.js';
import type { SecurityEvent } from '../security-event.js';
import { SecurityEventSink } from '../security-event-sink.js';
import { SyslogConnection } from './syslog-connection.js';
import { syslogFrame } from './syslog-message.js';
import { readSyslogOptions, type SyslogSettings, type SyslogSinkOptions } from './syslog.options.js';

/**
 * Sends each event to a syslog server, as a message of RFC 5424 over TLS (RFC 5425) whose text is the event as JSON. There is
 * no way to send it over plain TCP or UDP, or to a server whose certificate is not the right one.
 *
 * A connection that breaks is made again, after a growing pause. Syslog acknowledges nothing: what had left this machine when
 * the connection broke may not have arrived: a line of the log says so, and nobody can count it.
 */
export class SyslogSink extends SecurityEventSink {
  override readonly isSampled: boolean;
  #settings: SyslogSettings | undefined;
  #connection: SyslogConnection | undefined;
  #clock: Clock = new SystemClock();
  #isSending = false;
  #isClosed = false;

  /** @param options are checked when the application boots, or at the first event of a sink that no application has. */
  constructor(private readonly options: SyslogSinkOptions) {
    super();
    this.isSampled = (options as SyslogSinkOptions | undefined)?.floods !== 'written';
  }

  override checkOptions(problems: BootProblems, path: string): void {
    this.#settings = readSyslogOptions(new OptionReader(this.options, path, problems));
  }

  override open(clock: Clock): void {
    this.#clock = clock;
    this.#isClosed = false;
  }

  override write(event: SecurityEvent): Promise<void> {
    return this.writeBatch([event]);
  }

  /** @throws Error where the server is away. */
  override async writeBatch(events: readonly SecurityEvent[]): Promise<void> {
    const settings = (this.#settings ??= this.#checked());
    const connection = (this.#connection ??= new SyslogConnection(settings, this.#clock, tell));
    // The queue has given up the call of before: the server does not read what it is sent.
    if (this.#isSending) {
      connection.abort();
      throw new Error('The syslog server has not taken the events of before.');
    }
    this.#isSending = true;
    try {
      await connection.send(events.map((event) => syslogFrame(event, settings.header)).join(''));
    } finally {
      this.#isSending = false;
      // What is told after the end of the application leaves nothing open behind it.
      if (this.#isClosed) await this.close();
    }
  }

  override async close(): Promise<void> {
    this.#isClosed = true;
    const connection = this.#connection;
    this.#connection = undefined;
    if (this.#isSending) connection?.abort();
    else await connection?.close();
  }

  /** The settings of a sink that no boot has checked. */
  #checked(): SyslogSettings {
    const problems = new BootProblems();
    const settings = readSyslogOptions(new OptionReader(this.options, 'SyslogSink', problems));
    if (problems.problems.length > 0) throw new SecureWsBootError(problems.problems);
    return settings;
  }
}

/** At most once for each connection, which come at growing intervals. */
function tell(trouble: string): void {
  new ContainedLogger('SecureWs').warn(toLine({ where: 'SyslogSink', trouble }));
}
