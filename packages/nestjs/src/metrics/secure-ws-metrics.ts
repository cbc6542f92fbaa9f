import { type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { WsObservers } from '../core/observers.js';
import type { WsFigures } from '../ws-figures.js';
import type { MetricSource } from './collect-metrics.js';
import { EventNames, OTHER } from './event-names.js';
import { loadPromClient } from './load-prom-client.js';
import { Measurements } from './measurements.js';
import type { ResolvedMetricsOptions } from './metrics.options.js';
import { MomentaryFigures } from './momentary-figures.js';
import { type MetricsRegistry, registerMetrics } from './prometheus-registration.js';

/** The metrics of the module, in a registry of `prom-client`. Injectable. */
export class SecureWsMetrics implements OnApplicationBootstrap, OnApplicationShutdown {
  /** What the metrics are in, from the start of the application to its end. */
  readonly registry: MetricsRegistry;
  readonly #source: MetricSource & { readonly measurements: Measurements };
  readonly #figures: WsFigures;
  readonly #sentEvents: readonly string[];
  #names: EventNames | undefined;
  #unregister: (() => void) | undefined;

  /**
   * @internal
   * @throws {SecureWsBootError} where `prom-client` is not installed.
   */
  constructor({ registry, sentEvents }: ResolvedMetricsOptions, observers: WsObservers, figures: WsFigures) {
    this.registry = registry ?? new (loadPromClient().Registry)();
    this.#figures = figures;
    this.#sentEvents = sentEvents;
    const measurements = new Measurements((event) => this.#names?.labelOf(event) ?? OTHER);
    this.#source = { measurements, figures: new MomentaryFigures(figures) };
    observers.add(measurements);
  }

  /** The media type of {@link text}. */
  get contentType(): string {
    return this.registry.contentType;
  }

  /** Everything that the registry has, as a scraper reads it. It is not for everybody: guard the route that answers it. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  /**
   * @internal
   * @throws {SecureWsBootError} where the registry has metrics of the same names that are somebody else's.
   */
  onApplicationBootstrap(): void {
    this.#names = new EventNames(this.#figures.events, this.#sentEvents);
    this.#source.measurements.prepare(this.#names.labels);
    this.#unregister = registerMetrics(this.registry, this.#source, this.#figures);
  }

  /** @internal */
  onApplicationShutdown(): void {
    this.#unregister?.();
  }
}
