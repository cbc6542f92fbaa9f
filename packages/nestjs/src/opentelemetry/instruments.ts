import type { Attributes, BatchObservableCallback, Histogram, Meter, Observable } from '@opentelemetry/api';
import type { ObservedHandshake, ObservedMessage, ObservedStoreCall, WsObserver } from '../core/observer.js';
import type { MetricSource } from '../metrics/measured/collect-metrics.js';
import { DURATION_BOUNDS } from '../metrics/measured/histogram.js';
import { MeasuredTogether } from '../metrics/measured/measured-together.js';
import {
  familyOf,
  type HistogramKey,
  isHistogram,
  METRIC_KEYS,
  type MetricFamily,
  type MetricKey,
} from '../metrics/measured/metric-families.js';

/** What an instrument is called: without the endings that an exporter for Prometheus adds by type and unit. */
function instrumentOf({ name, help }: MetricFamily): { name: string; description: string; unit: string } {
  const unit = name.includes('_seconds') ? 's' : name.includes('_bytes') ? 'By' : '1';
  const plain = name.replace(/_total$/, '').replace(/_(seconds|bytes)$/, '');
  return { name: plain.replace(/^secure_ws_/, 'secure_ws.'), description: help, unit };
}

/** The applications that one meter measures: two that observed one series each would overwrite one another. */
const METERS = new WeakMap<Meter, MeasuredTogether>();
const STOPS = new WeakMap<Meter, () => void>();

/** Has a meter observe what is counted in an application. @returns ends that. */
export function observeCounts(meter: Meter, source: MetricSource): () => void {
  let together = METERS.get(meter);
  if (together === undefined) {
    METERS.set(meter, (together = new MeasuredTogether()));
    STOPS.set(meter, startObserving(meter, together));
  }
  together.add(source);
  return () => {
    if (!together.remove(source)) return;
    STOPS.get(meter)?.();
    METERS.delete(meter);
  };
}

function startObserving(meter: Meter, together: MeasuredTogether): () => void {
  const observables = new Map<MetricKey, Observable>();
  for (const key of METRIC_KEYS) {
    if (isHistogram(key)) continue;
    const family = familyOf(key);
    const { name, ...options } = instrumentOf(family);
    const isCounter = family.type === 'counter';
    observables.set(
      key,
      isCounter ? meter.createObservableCounter(name, options) : meter.createObservableGauge(name, options),
    );
  }
  const observe: BatchObservableCallback = (result) => {
    for (const [key, observable] of observables) {
      for (const { value, labels } of together.lines(key)) result.observe(observable, value, labels);
    }
  };
  const all = [...observables.values()];
  meter.addBatchObservableCallback(observe, all);
  return () => meter.removeBatchObservableCallback(observe, all);
}

/** Records how long everything took: OpenTelemetry has no histogram that is read when it is asked for. */
export class RecordedDurations implements WsObserver {
  readonly #histograms: Readonly<Record<HistogramKey, Histogram>>;
  readonly #attributes = new Map<string, Attributes>();

  constructor(
    meter: Meter,
    /** Gives the name that an event is recorded under: one of a closed list. */
    private readonly labelOf: (event: string | undefined) => string,
  ) {
    const advice = { explicitBucketBoundaries: [...DURATION_BOUNDS] };
    this.#histograms = Object.fromEntries(
      METRIC_KEYS.filter(isHistogram).map((key) => {
        const { name, ...options } = instrumentOf(familyOf(key));
        return [key, meter.createHistogram(name, { ...options, advice })];
      }),
    ) as Record<HistogramKey, Histogram>;
  }

  onHandshake({ result, durationMs }: ObservedHandshake): void {
    this.#histograms.handshakeDuration.record(durationMs / 1000, { result });
  }

  onMessage({ event, waitedMs, judgedMs, policiesMs, handlerMs }: ObservedMessage): void {
    const { messageWait, judgementDuration, policyDuration, handlerDuration } = this.#histograms;
    const attributes = this.#attributesOf(this.labelOf(event));
    messageWait.record(waitedMs / 1000);
    judgementDuration.record(judgedMs / 1000, attributes);
    if (policiesMs !== undefined) policyDuration.record(policiesMs / 1000, attributes);
    if (handlerMs !== undefined) handlerDuration.record(handlerMs / 1000, attributes);
  }

  onPong(roundTripMs: number): void {
    this.#histograms.roundTrip.record(roundTripMs / 1000);
  }

  onStoreCall({ result, durationMs }: ObservedStoreCall): void {
    this.#histograms.storeDuration.record(durationMs / 1000, { result });
  }

  #attributesOf(event: string): Attributes {
    let attributes = this.#attributes.get(event);
    if (attributes === undefined) this.#attributes.set(event, (attributes = { event }));
    return attributes;
  }
}
