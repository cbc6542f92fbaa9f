import { withDeadline } from '../core/awaitable.js';
import type { Cancel, Clock } from '../core/clock.js';
import { AuditQueue, type LossReport } from './audit-queue.js';
import { EventCounters, type SecurityEventCounts } from './event-counters.js';
import { EventPrivacy } from './event-privacy.js';
import { EventSampler, type FloodSummary, joinSummaries } from './event-sampler.js';
import { defaultEventsSettings, type EventsSettings } from './events.options.js';
import { FaultLog } from './fault-log.js';
import { ListenerSink, type SecurityEventListener } from './on-security-event.js';
import type { SecurityEvent, SecurityEventData, SecurityEventType } from './security-event.js';
import type { SecurityEventSink } from './security-event-sink.js';

/** How often losses and suppressed events are reported at most. */
const REPORT_INTERVAL_MS = 1000;

/** How one sink or listener is doing. */
export interface SecurityEventChannel {
  /** The class of the sink, or class and method of the listener. */
  readonly name: string;
  /** How many events wait for it. */
  readonly waiting: number;
  /** How many did not fit into its queue, since the process began. */
  readonly dropped: number;
  /** How many it threw at, rejected, or did not take in time. */
  readonly failed: number;
  readonly isHealthy: boolean;
}

/** The way to one sink or listener. */
interface Channel {
  readonly name: string;
  readonly sink: SecurityEventSink;
  readonly queue: AuditQueue;
  readonly sampler: EventSampler | undefined;
}

/** Is called with an event, and with what makes of it what a sink is given. */
type SecurityEventObserver = (data: SecurityEventData, present: () => SecurityEvent) => void;

/**
 * Counts each event, makes it presentable, and hands it to every sink and listener, keeping their failures away from the
 * connections.
 */
export class SecurityEvents {
  readonly #counters = new EventCounters();
  readonly #privacy: EventPrivacy;
  readonly #sinks: readonly Channel[];
  readonly #listeners: Channel[] = [];
  readonly #observers: SecurityEventObserver[] = [];
  readonly #otherChannels: (() => SecurityEventChannel)[] = [];
  #failures = 0;
  #lastMoment = -1;
  #lastTime = '';
  #cancelReport: Cancel | undefined;

  /**
   * @internal
   * @param faults gets what sinks and listeners throw.
   */
  constructor(
    private readonly clock: Clock,
    sinks: readonly SecurityEventSink[],
    private readonly settings: EventsSettings = defaultEventsSettings(),
    private readonly faults: FaultLog = new FaultLog(clock),
  ) {
    this.#privacy = new EventPrivacy(settings);
    this.#sinks = sinks.map((sink) => this.#channelOf(sink, sink.constructor.name, this.#samplerOf(sink)));
  }

  /** How many times a sink or a listener threw, rejected or hung. */
  get sinkFailures(): number {
    return this.#failures;
  }

  /** Whether every sink takes its events. Listeners do not count. */
  get isHealthy(): boolean {
    return this.#sinks.every(({ queue }) => queue.isHealthy);
  }

  /** Whether handshakes may be admitted: not while a sink fails, where `events.onSinkFailure` says so. */
  get admitsHandshakes(): boolean {
    return this.settings.onSinkFailure === 'continue' || this.isHealthy;
  }

  /** How each sink and listener is doing. */
  get channels(): readonly SecurityEventChannel[] {
    const queues = [...this.#sinks, ...this.#listeners].map(({ name, queue }) => ({
      name,
      waiting: queue.size,
      ...queue.losses,
      isHealthy: queue.isHealthy,
    }));
    return [...queues, ...this.#otherChannels.map((read) => read())];
  }

  /** How often each type of event was reported, by reason: exact, whatever was sampled or dropped. */
  get counts(): SecurityEventCounts {
    return this.#counters.snapshot();
  }

  /** Reports an event. Never throws and never waits. */
  emit(data: SecurityEventData): void {
    try {
      this.#counters.add(data);
      let event: SecurityEvent | undefined;
      for (const channel of this.#sinks) {
        if (this.#isFor(channel, data)) channel.queue.push((event ??= this.#present(data)));
      }
      for (const channel of this.#listeners) {
        if (this.#isFor(channel, data)) channel.queue.push((event ??= this.#present(data)));
      }
      // Last: what they report about an event comes after it.
      if (this.#observers.length > 0) this.#observe(data, () => (event ??= this.#present(data)));
    } catch (error) {
      this.#onFault('SecurityEvents.emit', error);
    }
  }

  /**
   * @internal Calls an observer with every event as its check reported it, from now on and inside {@link emit}: none is
   * sampled or dropped. It must be quick, and keep what it is given to itself; what it shows to somebody it has to present.
   */
  observe(observer: SecurityEventObserver): void {
    this.#observers.push(observer);
  }

  /** @internal Adds the figures of an observer that has a queue of its own. */
  addChannel(read: () => SecurityEventChannel): void {
    this.#otherChannels.push(read);
  }

  /** @internal A value, as it stands in events: for whoever shows it beside them. */
  show(treatment: 'identifier' | 'address' | 'text', value: string): string {
    return this.#privacy.show(treatment, value);
  }

  /** @internal Calls listeners from now on, each behind a queue of its own and never from inside {@link emit}. */
  listen(listeners: readonly SecurityEventListener[]): void {
    for (const listener of listeners) {
      this.#listeners.push(this.#channelOf(new ListenerSink(listener), listener.name, undefined));
    }
  }

  /**
   * Writes the summaries that are due, and waits until every sink and listener has taken what waits for it, at most
   * `timeoutMs` milliseconds. For the end of the application; events may still be reported after it.
   */
  async flush(timeoutMs = 2000): Promise<void> {
    this.#report();
    const idle = Promise.all([...this.#sinks, ...this.#listeners].map(({ queue }) => queue.idle()));
    await withDeadline<unknown>(idle, timeoutMs, this.clock, undefined);
  }

  /**
   * Gets the sinks ready, one after the other.
   *
   * @internal
   * @throws what the first of them throws that cannot be, or an Error where one takes longer than `events.sinkTimeoutMs`.
   */
  async open(): Promise<void> {
    try {
      for (const { name, sink } of this.#sinks) await this.#openSink(name, sink);
    } catch (error) {
      // Those that are ready would hold their files until the process ends, against the next application that boots in it.
      await this.#closeSinks();
      throw error;
    }
  }

  /**
   * As {@link flush}, and ends what the sinks have open.
   *
   * @internal
   */
  async close(): Promise<void> {
    await this.flush();
    await this.#closeSinks();
  }

  async #openSink(name: string, sink: SecurityEventSink): Promise<void> {
    const { sinkTimeoutMs } = this.settings;
    const opened = (async () => {
      await sink.open(this.clock);
      return true;
    })();
    if (await withDeadline(opened, sinkTimeoutMs, this.clock, false)) return;
    throw new Error(`${name} was not ready within ${sinkTimeoutMs} ms (events.sinkTimeoutMs).`);
  }

  async #closeSinks(): Promise<void> {
    const closed = this.#sinks.map(async ({ name, sink }) => {
      try {
        await sink.close();
      } catch (error) {
        this.#onFault(name, error);
      }
    });
    await withDeadline<unknown>(Promise.all(closed), this.settings.sinkTimeoutMs, this.clock, undefined);
  }

  #samplerOf({ isSampled }: SecurityEventSink): EventSampler | undefined {
    const { sampling, onSinkFailure, maxSampledPerSecond: refusals, maxSampledConnectionsPerSecond } = this.settings;
    if (sampling === 'all-sinks' || (sampling === 'log-lines' && isSampled)) {
      return new EventSampler({ refusals, connections: maxSampledConnectionsPerSecond });
    }
    // A sink that failed under a flood of refusals would have everybody refused: see the option.
    return onSinkFailure === 'continue' ? undefined : new EventSampler({ refusals, connections: Infinity });
  }

  #channelOf(sink: SecurityEventSink, name: string, sampler: EventSampler | undefined): Channel {
    const { maxQueuedEvents, sinkTimeoutMs } = this.settings;
    const queue = new AuditQueue(sink, this.clock, {
      capacity: maxQueuedEvents,
      timeoutMs: sinkTimeoutMs,
      // Listeners are code of the application that may close connections, in the middle of what is being reported.
      isDeferred: sink instanceof ListenerSink,
      onLoss: () => this.#reportSoon(),
      onFault: (error) => this.#onFault(name, error),
    });
    return { name, sink, queue, sampler };
  }

  /** Whether a sink is to get an event. One that is left out of a flood is counted for its summary. */
  #isFor(channel: Channel, data: SecurityEventData): boolean {
    if (!this.#wants(channel, data.type)) return false;
    if (channel.sampler?.admits(data, this.clock.monotonic()) !== false) return true;
    this.#reportSoon();
    return false;
  }

  #wants({ name, sink }: Channel, type: SecurityEventType): boolean {
    try {
      return sink.wants(type);
    } catch (error) {
      this.#onFault(name, error);
      return true;
    }
  }

  #onFault(where: string, error: unknown): void {
    this.#failures++;
    this.faults.write(where, '', error);
  }

  /** One timer at most, and none where nothing was lost or suppressed. */
  #reportSoon(): void {
    this.#cancelReport ??= this.clock.after(REPORT_INTERVAL_MS, () => this.#report());
  }

  #report(): void {
    this.#cancelReport?.();
    this.#cancelReport = undefined;
    const reports: SecurityEventData[] = [];
    const summaries: FloodSummary[] = [];
    for (const channel of this.#sinks) {
      const summary = channel.sampler?.takeSummary();
      if (summary === undefined) continue;
      summaries.push(summary);
      const event = this.#present({ type: 'ws.audit.summary', ...summary });
      if (this.#wants(channel, event.type)) channel.queue.push(event);
    }
    // To those who hear everything it is one flood, however many sinks were spared it.
    if (summaries.length > 0) {
      const report = { type: 'ws.audit.summary', ...joinSummaries(summaries) } as const;
      const event = this.#present(report);
      this.#counters.add(report);
      reports.push(report);
      for (const listener of this.#listeners) if (this.#wants(listener, event.type)) listener.queue.push(event);
    }
    const channels = [...this.#sinks, ...this.#listeners];
    for (const channel of channels) {
      const losses = channel.queue.takeLosses();
      if (losses === undefined) continue;
      const report = { type: 'ws.audit.dropped', sink: channel.name, ...losses } as const;
      const event = this.#present(report) as LossReport;
      this.#counters.add(report);
      reports.push(report);
      for (const other of channels) {
        if (!this.#wants(other, event.type)) continue;
        if (other === channel) other.queue.pushReport(event);
        else other.queue.push(event);
      }
    }
    for (const report of reports) this.#observe(report, () => this.#present(report));
  }

  #observe(data: SecurityEventData, present: () => SecurityEvent): void {
    for (const observe of this.#observers) {
      try {
        observe(data, present);
      } catch (error) {
        this.#onFault('SecurityEvents.observe', error);
      }
    }
  }

  #present(data: SecurityEventData): SecurityEvent {
    const now = this.clock.now();
    // Writing a date costs a fifth of an event, and a flood has many in one millisecond.
    if (now !== this.#lastMoment) {
      this.#lastMoment = now;
      this.#lastTime = new Date(now).toISOString();
    }
    return this.#privacy.present(data, this.#lastTime);
  }
}
