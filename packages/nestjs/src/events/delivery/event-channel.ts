import type { Clock } from '../../core/clock.js';
import type { SecurityEvent, SecurityEventData, SecurityEventType } from '../security-event.js';
import type { SecurityEventSink } from '../security-event-sink.js';
import { AuditQueue, type LossReport } from './audit-queue.js';
import type { EventSampler } from './event-sampler.js';

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
  /** Whether it took the last event that is more than a refusal, and its queue has not overflowed since. */
  readonly isHealthy: boolean;
}

/** How one channel works. */
export interface EventChannelSettings {
  readonly clock: Clock;
  /** What `timeoutMs` is measured with: the sink takes real time, where a test moves the other one. */
  readonly sinkClock: Clock;
  /** How many events may wait. */
  readonly capacity: number;
  /** After how many milliseconds a promise of the sink is given up. */
  readonly timeoutMs: number;
  /** Whether the sink is never called from inside `offer`: see `AuditQueueSettings`. */
  readonly isDeferred: boolean;
  /** Whether alerts that are lost are told as such: see `LossCount`. */
  readonly tellsAlertsApart: boolean;
  /** What a flood is summarised by; `undefined` where the sink gets each event of it. */
  readonly sampler: EventSampler | undefined;
  /** Called when an event was lost, of which a report is due. */
  readonly onLoss: () => void;
  /** Called when one was left out of a flood, of which a summary is due. */
  readonly onFlood: () => void;
  /** Called with what the sink threw or rejected with. */
  readonly onFault: (where: string, error: unknown) => void;
}

/** The way to one sink or listener: what it wants at all, what it is spared of a flood, and the queue in front of it. */
export class EventChannel {
  readonly queue: AuditQueue;

  constructor(
    readonly name: string,
    readonly sink: SecurityEventSink,
    private readonly settings: EventChannelSettings,
  ) {
    this.queue = new AuditQueue(sink, settings.sinkClock, {
      ...settings,
      onFault: (error) => settings.onFault(name, error),
    });
  }

  /** How it is doing. */
  get figures(): SecurityEventChannel {
    const { name, queue } = this;
    return { name, waiting: queue.size, ...queue.losses, isHealthy: queue.isHealthy };
  }

  /** Hands on an event that was reported, unless the sink does not want it. One that is left out of a flood is counted. */
  offer(data: SecurityEventData, present: () => SecurityEvent): void {
    const { sampler, clock, onFlood } = this.settings;
    if (!this.#wants(data.type)) return;
    if (sampler?.admits(data, clock.monotonic()) === false) onFlood();
    else this.queue.push(present());
  }

  /** Hands on what the module reports about its own audit. */
  tell(event: SecurityEvent): void {
    if (this.#wants(event.type)) this.queue.push(event);
  }

  /** Tells the sink about losses of its own. */
  tellLosses(report: LossReport): void {
    if (this.#wants(report.type)) this.queue.pushReport(report);
  }

  /** What it was spared of floods since it was asked last, or `undefined`. */
  takeSummary(): ReturnType<EventSampler['takeSummary']> {
    return this.settings.sampler?.takeSummary();
  }

  #wants(type: SecurityEventType): boolean {
    try {
      return this.sink.wants(type);
    } catch (error) {
      this.settings.onFault(this.name, error);
      return true;
    }
  }
}
