import type { ObservedHandshake, ObservedMessage, ObservedStoreCall, WsObserver } from '../../core/observer.js';
import { DurationHistogram } from './histogram.js';

/** How long it took, by event. */
export type DurationsByEvent = ReadonlyMap<string, DurationHistogram>;

/** Keeps how long everything took, for libraries that read histograms when they are asked. */
export class Durations implements WsObserver {
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
  // Made when they are needed: not every event has policies, and not every one a handler.
  readonly #judgements = new Map<string, DurationHistogram>();
  readonly #policies = new Map<string, DurationHistogram>();
  readonly #handlers = new Map<string, DurationHistogram>();

  /** @param labelOf gives the name that an event is measured under: one of a closed list. */
  constructor(private readonly labelOf: (event: string | undefined) => string) {}

  get judgements(): DurationsByEvent {
    return this.#judgements;
  }

  get policies(): DurationsByEvent {
    return this.#policies;
  }

  get handlers(): DurationsByEvent {
    return this.#handlers;
  }

  onHandshake({ result, durationMs }: ObservedHandshake): void {
    this.handshakes[result].observe(durationMs);
  }

  onMessage({ event, waitedMs, judgedMs, policiesMs, handlerMs }: ObservedMessage): void {
    const label = this.labelOf(event);
    this.messageWait.observe(waitedMs);
    histogramAt(this.#judgements, label).observe(judgedMs);
    if (policiesMs !== undefined) histogramAt(this.#policies, label).observe(policiesMs);
    if (handlerMs !== undefined) histogramAt(this.#handlers, label).observe(handlerMs);
  }

  onPong(roundTripMs: number): void {
    this.roundTrip.observe(roundTripMs);
  }

  onStoreCall({ result, durationMs }: ObservedStoreCall): void {
    this.storeCalls[result].observe(durationMs);
  }
}

function histogramAt(histograms: Map<string, DurationHistogram>, label: string): DurationHistogram {
  let histogram = histograms.get(label);
  if (histogram === undefined) histograms.set(label, (histogram = new DurationHistogram()));
  return histogram;
}
