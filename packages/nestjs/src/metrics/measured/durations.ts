import type { ObservedHandshake, ObservedMessage, ObservedStoreCall, WsObserver } from '../../core/observer.js';
import { DurationHistogram } from './histogram.js';

/** How long it took, by event. */
export type DurationsByEvent = ReadonlyMap<string, DurationHistogram>;

/** How long the messages of one event took. Not every event has policies, and not every message comes to its handler. */
interface EventDurations {
  readonly judgements: DurationHistogram;
  policies: DurationHistogram | undefined;
  handlers: DurationHistogram | undefined;
}

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
  readonly #events = new Map<string, EventDurations>();

  /** @param labelOf gives the name that an event is measured under: one of a closed list. */
  constructor(private readonly labelOf: (event: string | undefined) => string) {}

  get judgements(): DurationsByEvent {
    return this.#byEvent('judgements');
  }

  get policies(): DurationsByEvent {
    return this.#byEvent('policies');
  }

  get handlers(): DurationsByEvent {
    return this.#byEvent('handlers');
  }

  onHandshake({ result, durationMs }: ObservedHandshake): void {
    this.handshakes[result].observe(durationMs);
  }

  onMessage({ event, waitedMs, judgedMs, policiesMs, handlerMs }: ObservedMessage): void {
    const durations = this.#at(this.labelOf(event));
    this.messageWait.observe(waitedMs);
    durations.judgements.observe(judgedMs);
    if (policiesMs !== undefined) (durations.policies ??= new DurationHistogram()).observe(policiesMs);
    if (handlerMs !== undefined) (durations.handlers ??= new DurationHistogram()).observe(handlerMs);
  }

  onPong(roundTripMs: number): void {
    this.roundTrip.observe(roundTripMs);
  }

  onStoreCall({ result, durationMs }: ObservedStoreCall): void {
    this.storeCalls[result].observe(durationMs);
  }

  #at(label: string): EventDurations {
    let durations = this.#events.get(label);
    if (durations === undefined) {
      durations = { judgements: new DurationHistogram(), policies: undefined, handlers: undefined };
      this.#events.set(label, durations);
    }
    return durations;
  }

  #byEvent(kind: keyof EventDurations): DurationsByEvent {
    return new Map(
      [...this.#events].flatMap(([label, { [kind]: histogram }]) =>
        histogram === undefined ? [] : [[label, histogram]],
      ),
    );
  }
}
