import { withDeadline } from '../core/awaitable.js';
import type { Clock } from '../core/clock.js';
import { FaultLog } from '../core/fault-log.js';
import type { LossReport } from './delivery/audit-queue.js';
import { EventChannel, type SecurityEventChannel } from './delivery/event-channel.js';
import type { AuditLosses } from './delivery/loss-count.js';
import { EventSampler, type FloodSummary, joinSummaries } from './delivery/event-sampler.js';
import { ReportTimer } from './delivery/report-timer.js';
import { SinkLifecycle } from './delivery/sink-lifecycle.js';
import { EventCounters, type SecurityEventCounts } from './event-counters.js';
import { EventPrivacy } from './event-privacy.js';
import { defaultEventsSettings, type EventsSettings } from './events.options.js';
import { ListenerSink } from './listeners/listener.sink.js';
import type { SecurityEventListener } from './listeners/security-event-listeners.js';
import type { SecurityEvent, SecurityEventData } from './security-event.js';
import type { SecurityEventSink } from './security-event-sink.js';

/** How often losses are reported at most. */
const LOSS_TIMES = { afterMs: 1000, everyMs: 1000 };

/** When a flood is summarised: soon after it began, and then so seldom that the summaries of a long one age no file. */
const FLOOD_TIMES = { afterMs: 1000, everyMs: 60_000 };

/** Is called with an event, and with what makes of it what a sink is given. */
type SecurityEventObserver = (data: SecurityEventData, present: () => SecurityEvent) => void;

/**
 * Counts each event, makes it presentable, and hands it to every sink and listener, keeping their failures away from the
 * connections.
 */
export class SecurityEvents {
  readonly #counters = new EventCounters();
  readonly #privacy: EventPrivacy;
  readonly #sinks: readonly EventChannel[];
  readonly #listeners: EventChannel[] = [];
  readonly #lifecycle: SinkLifecycle;
  readonly #observers: SecurityEventObserver[] = [];
  readonly #otherChannels: (() => SecurityEventChannel)[] = [];
  #failures = 0;
  #lastMoment = -1;
  #lastTime = '';
  readonly #lossTimer: ReportTimer;
  readonly #floodTimer: ReportTimer;

  /**
   * @internal
   * @param faults gets what sinks and listeners throw.
   * @param sinkClock measures how long sinks and listeners take. They work with real files and sockets, which no test can wait
   * for: a step of its clock says nothing about them.
   */
  constructor(
    private readonly clock: Clock,
    sinks: readonly SecurityEventSink[],
    private readonly settings: EventsSettings = defaultEventsSettings(),
    private readonly faults: FaultLog = new FaultLog(clock),
    private readonly sinkClock: Clock = clock,
  ) {
    this.#privacy = new EventPrivacy(settings);
    this.#lossTimer = new ReportTimer(clock, LOSS_TIMES, () => this.#tellObservers(this.#reportLosses()));
    this.#floodTimer = new ReportTimer(clock, FLOOD_TIMES, () => this.#tellObservers(this.#reportFloods()));
    this.#sinks = sinks.map((sink) => this.#channelOf(sink, sink.constructor.name, this.#samplerOf(sink)));
    const onFault = (where: string, error: unknown): void => this.#onFault(where, error);
    this.#lifecycle = new SinkLifecycle(this.#sinks, clock, sinkClock, settings.sinkTimeoutMs, onFault);
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
    return [...this.#channels.map(({ figures }) => figures), ...this.#otherChannels.map((read) => read())];
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
      const present = (): SecurityEvent => (event ??= this.#present(data));
      for (const channel of this.#sinks) channel.offer(data, present);
      for (const channel of this.#listeners) channel.offer(data, present);
      // Last: what they report about an event comes after it.
      if (this.#observers.length > 0) this.#observe(data, present);
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
    this.#floodTimer.run();
    this.#lossTimer.run();
    for (const { queue } of this.#channels) queue.retryReport();
    const idle = Promise.all(this.#channels.map(({ queue }) => queue.idle()));
    await withDeadline<unknown>(idle, timeoutMs, this.sinkClock, undefined);
  }

  /**
   * Gets the sinks ready, one after the other.
   *
   * @internal
   * @throws {SecureWsBootError} naming the first that cannot be, or takes longer than `events.sinkTimeoutMs`.
   */
  async open(): Promise<void> {
    await this.#lifecycle.open();
  }

  /**
   * As {@link flush}, and ends what the sinks have open.
   *
   * @internal
   */
  async close(): Promise<void> {
    await this.flush();
    await this.#lifecycle.close();
  }

  get #channels(): readonly EventChannel[] {
    return [...this.#sinks, ...this.#listeners];
  }

  #samplerOf({ isSampled }: SecurityEventSink): EventSampler | undefined {
    const { sampling, onSinkFailure, maxSampledPerSecond: refusals } = this.settings;
    if (sampling === 'all-sinks' || (sampling === 'log-lines' && isSampled)) {
      const { maxSampledConnectionsPerSecond: connections, maxSampledPerHour: perHour } = this.settings;
      return new EventSampler({ refusals, connections, perHour });
    }
    // A sink that failed under a flood of refusals would have everybody refused: see the option.
    if (onSinkFailure === 'continue') return undefined;
    return new EventSampler({ refusals, connections: Infinity, perHour: Infinity });
  }

  #channelOf(sink: SecurityEventSink, name: string, sampler: EventSampler | undefined): EventChannel {
    const { maxQueuedEvents, sinkTimeoutMs } = this.settings;
    return new EventChannel(name, sink, {
      clock: this.clock,
      sinkClock: this.sinkClock,
      capacity: maxQueuedEvents,
      timeoutMs: sinkTimeoutMs,
      // Listeners are code of the application that may close connections, in the middle of what is being reported.
      isDeferred: sink instanceof ListenerSink,
      // Told as a gap of the audit they would raise an alert, which is lost as well, and so for ever.
      tellsAlertsApart: sink instanceof ListenerSink,
      sampler,
      onLoss: () => this.#lossTimer.ask(),
      onFlood: () => this.#floodTimer.ask(),
      onFault: (where, error) => this.#onFault(where, error),
    });
  }

  #onFault(where: string, error: unknown): void {
    this.#failures++;
    this.faults.write(where, '', error);
  }

  #tellObservers(reports: readonly SecurityEventData[]): void {
    for (const report of reports) {
      this.#counters.add(report);
      this.#observe(report, () => this.#present(report));
    }
  }

  #reportFloods(): readonly SecurityEventData[] {
    const summaries: FloodSummary[] = [];
    for (const channel of this.#sinks) {
      const summary = channel.takeSummary();
      if (summary === undefined) continue;
      summaries.push(summary);
      channel.tell(this.#present({ type: 'ws.audit.summary', ...summary }));
    }
    if (summaries.length === 0) return [];
    // To those who hear everything it is one flood, however many sinks were spared it.
    const report = { type: 'ws.audit.summary', ...joinSummaries(summaries) } as const;
    const event = this.#present(report);
    for (const listener of this.#listeners) listener.tell(event);
    return [report];
  }

  #reportLosses(): readonly SecurityEventData[] {
    const reports: SecurityEventData[] = [];
    const channels = this.#channels;
    for (const channel of channels) {
      const { events: losses, alerts } = channel.queue.takeLosses();
      if (alerts !== undefined) this.#reportLostAlerts(channel.name, alerts);
      if (losses === undefined) continue;
      const report = { type: 'ws.audit.dropped', sink: channel.name, ...losses } as const;
      const event = this.#present(report);
      reports.push(report);
      for (const other of channels) {
        if (other === channel) other.tellLosses(this.#present({ ...report, own: true }) as LossReport);
        else other.tell(event);
      }
    }
    return reports;
  }

  #reportLostAlerts(sink: string, { dropped, failed }: AuditLosses): void {
    if (dropped > 0) this.emit({ type: 'ws.alert.lost', sink, reason: 'queue-full', count: dropped });
    if (failed > 0) this.emit({ type: 'ws.alert.lost', sink, reason: 'not-taken', count: failed });
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
