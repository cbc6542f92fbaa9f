import type {
  ObservedHandshake,
  ObservedMessage,
  ObservedSend,
  ObservedStoreCall,
  WsObserver,
} from '../core/observer.js';
import { DurationHistogram } from './histogram.js';

/** How many messages there were, and how many bytes they had. */
export interface Traffic {
  messages: number;
  bytes: number;
}

/** What is kept of the messages of one event. */
export interface EventMeasurements {
  readonly received: Readonly<Record<ObservedMessage['result'], Traffic>>;
  readonly sent: Readonly<Record<ObservedSend['result'], Traffic>>;
  /** Made when they are needed: not every event has policies, and not every one a handler. */
  judgement?: DurationHistogram;
  policies?: DurationHistogram;
  handler?: DurationHistogram;
}

/**
 * Adds up what an application does. It knows of no library: what exposes it reads it when it is asked, so that a message costs
 * additions and nothing else.
 */
export class Measurements implements WsObserver {
  readonly #events = new Map<string, EventMeasurements>();
  readonly handshakes: Readonly<Record<ObservedHandshake['result'], DurationHistogram>> = {
    admitted: new DurationHistogram(),
    refused: new DurationHistogram(),
    abandoned: new DurationHistogram(),
  };
  readonly storeCalls: Readonly<Record<ObservedStoreCall['result'], DurationHistogram>> = {
    answered: new DurationHistogram(),
    failed: new DurationHistogram(),
  };
  readonly messageWait = new DurationHistogram();
  readonly roundTrip = new DurationHistogram();

  /** @param labelOf gives the name that an event is counted under: one of a closed list. */
  constructor(private readonly labelOf: (event: string | undefined) => string) {}

  /** By the name that they are counted under. */
  get events(): ReadonlyMap<string, EventMeasurements> {
    return this.#events;
  }

  /** Begins to count events at 0. */
  prepare(labels: readonly string[]): void {
    for (const label of labels) this.#at(label);
  }

  onHandshake({ result, durationMs }: ObservedHandshake): void {
    this.handshakes[result].observe(durationMs);
  }

  onMessage({ event, result, bytes, waitedMs, judgedMs, policiesMs, handlerMs }: ObservedMessage): void {
    const measured = this.#of(event);
    const traffic = measured.received[result];
    traffic.messages++;
    traffic.bytes += bytes;
    this.messageWait.observe(waitedMs);
    (measured.judgement ??= new DurationHistogram()).observe(judgedMs);
    if (policiesMs !== undefined) (measured.policies ??= new DurationHistogram()).observe(policiesMs);
    if (handlerMs !== undefined) (measured.handler ??= new DurationHistogram()).observe(handlerMs);
  }

  onSend({ event, bytes, result }: ObservedSend): void {
    const traffic = this.#of(event).sent[result];
    traffic.messages++;
    traffic.bytes += bytes;
  }

  onPong(roundTripMs: number): void {
    this.roundTrip.observe(roundTripMs);
  }

  onStoreCall({ result, durationMs }: ObservedStoreCall): void {
    this.storeCalls[result].observe(durationMs);
  }

  #of(event: string | undefined): EventMeasurements {
    return this.#at(this.labelOf(event));
  }

  #at(label: string): EventMeasurements {
    let measured = this.#events.get(label);
    if (measured === undefined) this.#events.set(label, (measured = noMeasurements()));
    return measured;
  }
}

function noMeasurements(): EventMeasurements {
  const none = (): Traffic => ({ messages: 0, bytes: 0 });
  return {
    received: { handled: none(), refused: none(), dropped: none() },
    sent: { sent: none(), dropped: none() },
  };
}
