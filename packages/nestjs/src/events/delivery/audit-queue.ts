import type { Clock } from '../../core/clock.js';
import { isPromiseLike } from '../../core/awaitable.js';
import type { SecurityEvent, SecurityEventOf } from '../security-event.js';
import type { SecurityEventSink } from '../security-event-sink.js';
import { type AuditLosses, LossCount } from './loss-count.js';
import { isOfStrangers, isRefusal, WaitingEvents } from './waiting-events.js';

/** The report of lost events. */
export type LossReport = SecurityEventOf<'ws.audit.dropped'>;

/** How many waiting events are written before other work of the process gets its turn. */
const BATCH = 64;

/** How many events a sink that takes several gets in one call. */
const MAX_IN_CALL = 256;

/** What the sink threw or rejected with. */
interface Fault {
  readonly error: unknown;
}

/** How one queue works. */
export interface AuditQueueSettings {
  /** How many events may wait. */
  readonly capacity: number;
  /** After how many milliseconds a promise of the sink is given up, and the next event is written. */
  readonly timeoutMs: number;
  /** Whether the sink is never called from inside `push`: for code that may call back into the module. */
  readonly isDeferred: boolean;
  /** Whether alerts that are lost are told as such: see {@link LossCount}. */
  readonly tellsAlertsApart: boolean;
  /** Called when an event was lost. */
  readonly onLoss: () => void;
  /** Called with what the sink threw or rejected with. */
  readonly onFault: (error: unknown) => void;
}

/**
 * The bounded queue in front of one sink: whatever the sink does, `push` returns at once, nothing throws, and memory does
 * not grow (MO-09).
 *
 * A sink that answers at once is called at once. While one is asynchronous, its events wait, in their order, and one that has
 * `writeBatch` gets those that waited together. When the queue is full, the newest event is dropped and counted: the beginning of an attack tells more than its middle.
 *
 * Refusals have a quarter of the queue, they and the connections of strangers a half. A sink is not failing because these
 * were too many for it, nor because it did not take a refusal: or strangers could have everybody refused where the options
 * say that a failing sink does (F28).
 */
export class AuditQueue {
  readonly #waiting: WaitingEvents;
  #isWriting = false;
  #isScheduled = false;
  #hasFailed = false;
  #isOverflowing = false;
  /** What the sink is to be told about its own losses, where its queue had no room for it or the sink did not take it. */
  #report: LossReport | undefined;
  /** Reports of its own losses, which are not lost with what they are written with. */
  readonly #ownReports = new WeakSet<SecurityEvent>();
  /** Whether the sink has just refused the report, in a call of its own. */
  #isReportTried = false;
  readonly #losses: LossCount;
  #idle: (() => void)[] = [];

  constructor(
    private readonly sink: SecurityEventSink,
    private readonly clock: Clock,
    private readonly settings: AuditQueueSettings,
  ) {
    this.#waiting = new WaitingEvents(settings.capacity);
    this.#losses = new LossCount(settings.tellsAlertsApart);
  }

  /** How many events wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** What was lost since the process began. */
  get losses(): AuditLosses {
    return this.#losses.total;
  }

  /**
   * Whether the last event that counts reached the sink, and its queue has room. After an overflow that takes a queue of
   * which others than strangers fill a quarter at most: with one free place it would be full at the next event.
   */
  get isHealthy(): boolean {
    return !this.#hasFailed && !this.#isOverflowing;
  }

  /** Takes an event. Never throws and never waits. */
  push(event: SecurityEvent): void {
    if (this.#waiting.size === 0 && !this.#isWriting && !this.settings.isDeferred) {
      this.#writeAtOnce(event);
      return;
    }
    if (this.#waiting.add(event)) {
      if (!this.#isWriting) this.#schedule();
      return;
    }
    if (!isOfStrangers(event)) this.#isOverflowing = true;
    if (this.#losses.add('dropped', [event]) > 0) this.settings.onLoss();
  }

  /**
   * Tells the sink about losses of its own, so that the gap shows in its own stream. Never lost to a full queue, nor to a sink
   * that is away: it is the first that the sink gets when it takes events again.
   */
  pushReport(report: LossReport): void {
    const joined = joinReports(this.#report, report);
    this.#ownReports.add(joined);
    this.#report = undefined;
    if (this.#waiting.isFull) this.#report = joined;
    else this.push(joined);
  }

  /** Tries once more to tell the sink what it did not take: for the end of the application, when no event may follow. */
  retryReport(): void {
    const report = this.#report;
    if (report === undefined || this.#waiting.size > 0 || this.#isWriting) return;
    this.#report = undefined;
    this.push(report);
  }

  /** What was lost since it was asked last. */
  takeLosses(): ReturnType<LossCount['take']> {
    return this.#losses.take();
  }

  /** Ends when nothing waits any more. A sink that hangs is given up event by event. */
  idle(): Promise<void> {
    if (this.#waiting.size === 0 && !this.#isWriting) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle.push(resolve);
    });
  }

  /** Hands on an event that nothing waits in front of, but a report that the sink did not take. */
  #writeAtOnce(event: SecurityEvent): void {
    const report = this.#takeReport();
    if (report === undefined) this.#write([event]);
    else if (this.sink.writeBatch !== undefined) this.#write([report, event]);
    else {
      this.#write([report]);
      this.push(event);
    }
  }

  /** What the sink did not take of its own losses, unless it has just been asked with nothing else: an event goes first then. */
  #takeReport(): LossReport | undefined {
    const report = this.#isReportTried ? undefined : this.#report;
    this.#isReportTried = false;
    if (report !== undefined) this.#report = undefined;
    return report;
  }

  /** Hands events to the sink in one call: one of them, unless it takes several. */
  #write(events: readonly SecurityEvent[]): void {
    // Stays true while a promise is under way, and while the sink is called: one that reports an event itself must not
    // be called inside its own call.
    this.#isWriting = true;
    let promise: PromiseLike<unknown> | undefined;
    try {
      const written = this.#call(events);
      if (isPromiseLike(written)) promise = written;
    } catch (error) {
      this.#settle(events, { error });
      return;
    }
    if (promise === undefined) this.#settle(events);
    else this.#await(events, promise);
  }

  #call(events: readonly SecurityEvent[]): unknown {
    const { sink } = this;
    return sink.writeBatch === undefined ? sink.write(events[0] as SecurityEvent) : sink.writeBatch(events);
  }

  #await(events: readonly SecurityEvent[], written: PromiseLike<unknown>): void {
    let isOver = false;
    const settle = (fault?: Fault): void => {
      // Late: it was given up, and the next event is under way.
      if (isOver) return;
      isOver = true;
      cancelTimeout();
      this.#settle(events, fault);
    };
    const cancelTimeout = this.clock.after(this.settings.timeoutMs, () =>
      settle({ error: new Error('The sink did not take its events in time.') }),
    );
    // Through a promise of our own: the `then` of somebody else's may throw.
    new Promise((resolve) => {
      resolve(written);
    }).then(
      () => settle(),
      (error: unknown) => settle({ error }),
    );
  }

  #settle(events: readonly SecurityEvent[], fault?: Fault): void {
    this.#isWriting = false;
    if (fault === undefined) this.#hasFailed = false;
    else if (!events.every(isRefusal)) this.#hasFailed = true;
    if (this.#waiting.isRelieved) this.#isOverflowing = false;
    if (fault !== undefined) {
      for (const event of events) if (this.#isOwnReport(event)) this.#keepReport(event);
      if (this.#losses.add('failed', events) > 0) this.settings.onLoss();
      this.settings.onFault(fault.error);
    }
    if (this.#waiting.size > 0) this.#schedule();
    else this.#becomeIdle();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // Not a microtask: a sink whose writes cause events would keep the loop from ever reading a socket again.
    setImmediate(() => {
      this.#isScheduled = false;
      this.#drain();
    });
  }

  #drain(): void {
    const inCall = this.sink.writeBatch === undefined ? 1 : MAX_IN_CALL;
    for (let calls = 0; calls < BATCH && !this.#isWriting; calls++) {
      const events = this.#takeSome(inCall);
      if (events.length === 0) return;
      this.#write(events);
    }
  }

  #takeSome(count: number): readonly SecurityEvent[] {
    const events: SecurityEvent[] = [];
    const report = this.#waiting.size > 0 ? this.#takeReport() : undefined;
    if (report !== undefined) events.push(report);
    while (events.length < count) {
      const event = this.#waiting.take();
      if (event === undefined) break;
      events.push(event);
    }
    return events;
  }

  #isOwnReport(event: SecurityEvent): event is LossReport {
    return this.#ownReports.has(event);
  }

  #keepReport(report: LossReport): void {
    this.#report = joinReports(this.#report, report);
    this.#ownReports.add(this.#report);
    this.#isReportTried = this.sink.writeBatch === undefined;
  }

  #becomeIdle(): void {
    const waiting = this.#idle;
    this.#idle = [];
    for (const resolve of waiting) resolve();
  }
}

function joinReports(earlier: LossReport | undefined, report: LossReport): LossReport {
  if (earlier === undefined) return report;
  const { dropped, failed } = earlier;
  return Object.freeze({ ...report, dropped: report.dropped + dropped, failed: report.failed + failed });
}
