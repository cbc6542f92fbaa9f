import type { WsObservers } from '../core/observers.js';
import type { MetricSource } from '../metrics/measured/collect-metrics.js';
import { EventNames, OTHER } from '../metrics/measured/event-names.js';
import { MessageTraffic } from '../metrics/measured/message-traffic.js';
import { MomentaryFigures } from '../metrics/measured/momentary-figures.js';
import type { WsFigures } from '../ws-figures.js';
import { observeCounts, RecordedDurations } from './instruments.js';
import { loadOpenTelemetryApi } from './load-api.js';
import type { ResolvedOpenTelemetryOptions } from './open-telemetry.options.js';
import { Tracing } from './tracing.js';

/** What the meter and the tracer of the application are asked for by. */
const SCOPE = '@secure-ws/nestjs';

/** Hands what the module does to the meter and the tracer that the application has registered. */
export class OpenTelemetry {
  #names: EventNames | undefined;

  /** @throws {SecureWsBootError} where `@opentelemetry/api` is not installed. */
  constructor(
    { metrics, traces, trustTraceContext, sentEvents }: ResolvedOpenTelemetryOptions,
    observers: WsObservers,
    figures: WsFigures,
  ) {
    const api = loadOpenTelemetryApi();
    if (traces) observers.add(new Tracing(api, api.trace.getTracer(SCOPE), trustTraceContext));
    if (!metrics) return;
    const labelOf = (event: string | undefined): string => this.#names?.labelOf(event) ?? OTHER;
    const meter = api.metrics.getMeter(SCOPE);
    const traffic = new MessageTraffic(labelOf);
    observers.add(traffic);
    observers.add(new RecordedDurations(meter, labelOf));
    const source: MetricSource = { traffic, durations: undefined, figures: new MomentaryFigures(figures) };
    figures.whileStarted(() => {
      this.#names = new EventNames(figures.events, sentEvents);
      traffic.prepare(this.#names.labels);
      return observeCounts(meter, source);
    });
  }
}
