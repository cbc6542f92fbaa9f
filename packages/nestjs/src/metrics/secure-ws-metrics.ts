import type { WsObservers } from '../core/observers.js';
import type { WsFigures } from '../ws-figures.js';
import { Durations } from './measured/durations.js';
import { EventNames, OTHER } from './measured/event-names.js';
import { MessageTraffic } from './measured/message-traffic.js';
import { MomentaryFigures } from './measured/momentary-figures.js';
import type { ResolvedMetricsOptions } from './metrics.options.js';
import { loadPromClient } from './prometheus/load-prom-client.js';
import { type MetricsRegistry, registerMetrics } from './prometheus/prometheus-registration.js';

/** The metrics of the module, in a registry of `prom-client`. Injectable. */
export class SecureWsMetrics {
  /** What the metrics are in, from the start of the application to its end. */
  readonly registry: MetricsRegistry;
  #names: EventNames | undefined;

  /**
   * @internal
   * @throws {SecureWsBootError} where `prom-client` is not installed; at boot where the registry has metrics of the same names
   * that are somebody else's.
   */
  constructor({ registry, sentEvents }: ResolvedMetricsOptions, observers: WsObservers, figures: WsFigures) {
    this.registry = registry ?? new (loadPromClient().Registry)();
    const labelOf = (event: string | undefined): string => this.#names?.labelOf(event) ?? OTHER;
    const [traffic, durations] = [new MessageTraffic(labelOf), new Durations(labelOf)];
    const source = { traffic, durations, figures: new MomentaryFigures(figures) };
    observers.add(traffic);
    observers.add(durations);
    figures.whileStarted(() => {
      this.#names = new EventNames(figures.events, sentEvents);
      traffic.prepare(this.#names.labels);
      return registerMetrics(this.registry, source, figures);
    });
  }

  /** The media type of {@link text}. */
  get contentType(): string {
    return this.registry.contentType;
  }

  /** Everything that the registry has, as a scraper reads it. It is not for everybody: guard the route that answers it. */
  text(): Promise<string> {
    return this.registry.metrics();
  }
}
