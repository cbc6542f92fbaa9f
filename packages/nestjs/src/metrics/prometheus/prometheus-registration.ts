import type { Metric, Registry, RegistryContentType } from 'prom-client';
import { SecureWsBootError } from '../../core/boot-problems.js';
import type { MetricSource } from '../measured/collect-metrics.js';
import { MeasuredTogether } from '../measured/measured-together.js';
import { familyOf, METRIC_KEYS, type MetricFamily, type MetricKey } from '../measured/metric-families.js';

/** A registry of `prom-client`. */
export type MetricsRegistry = Registry<RegistryContentType>;

/** The applications whose metrics one registry has, and what is registered for them. */
interface Registration {
  readonly together: MeasuredTogether;
  readonly applications: Set<object>;
  /** By the names that they are registered under. */
  readonly metrics: ReadonlyMap<string, ScrapedMetric>;
}

/** One for each registry: two applications of a process may use the same, and their metrics are one then. */
const REGISTRATIONS = new WeakMap<MetricsRegistry, Registration>();

/** One metric, as a registry of `prom-client` holds it: it is read when it is scraped, and kept nowhere. */
class ScrapedMetric {
  readonly help: string;
  readonly type: MetricFamily['type'];
  readonly aggregator: string;
  readonly #family: MetricFamily;

  constructor(
    private readonly key: MetricKey,
    private readonly registry: MetricsRegistry,
    private readonly together: MeasuredTogether,
  ) {
    this.#family = familyOf(key);
    this.help = this.#family.help;
    this.type = this.#family.type;
    this.aggregator = this.#family.merge ?? 'sum';
  }

  /** In OpenMetrics the name of a counter is without `_total`, which prom-client adds to its lines. */
  get name(): string {
    const { name, type } = this.#family;
    const isOpenMetrics = this.registry.contentType.startsWith('application/openmetrics-text');
    return isOpenMetrics && type === 'counter' ? name.replace(/_total$/, '') : name;
  }

  /** prom-client takes the ending away by itself, for good. */
  set name(_changed: string) {}

  get(): Promise<object> {
    const { name, help, type, aggregator } = this;
    const lines = this.together.lines(this.key);
    const values = lines.map(({ suffix, labels, value }) => ({
      labels,
      value,
      ...(suffix === '' ? {} : { metricName: `${name}${suffix}` }),
    }));
    return Promise.resolve({ name, help, type, aggregator, values });
  }

  /** What an application counts never goes back: `registry.resetMetrics()` leaves it as it is. */
  reset(): void {}
}

/**
 * Registers the metrics of an application.
 *
 * @param application whose they are: it is counted once.
 * @returns takes them out again.
 * @throws {SecureWsBootError} where the registry has metrics of these names that are somebody else's, or has these already.
 */
export function registerMetrics(registry: MetricsRegistry, source: MetricSource, application: object): () => void {
  let registration = REGISTRATIONS.get(registry);
  if (registration === undefined) REGISTRATIONS.set(registry, (registration = register(registry)));
  const { together, applications, metrics } = registration;
  if (applications.has(application)) {
    const problem = 'is imported twice with one registry: everything would be counted twice.';
    const fix = 'import SecureWsMetricsModule.forRoot() once, in the root module';
    throw new SecureWsBootError([{ where: 'SecureWsMetricsModule', problem, fix }]);
  }
  applications.add(application);
  together.add(source);
  return () => {
    applications.delete(application);
    if (!together.remove(source)) return;
    REGISTRATIONS.delete(registry);
    for (const [name, metric] of metrics) {
      // Not one that came after the application had cleared its registry.
      if ((registry.getSingleMetric(name) as unknown) === metric) registry.removeSingleMetric(name);
    }
  };
}

function register(registry: MetricsRegistry): Registration {
  const together = new MeasuredTogether();
  const metrics = new Map(
    METRIC_KEYS.map((key) => {
      const metric = new ScrapedMetric(key, registry, together);
      return [metric.name, metric];
    }),
  );
  const taken = [...metrics.keys()].filter((name) => (registry.getSingleMetric(name) as unknown) !== undefined);
  if (taken.length > 0) {
    const problem = `has metrics already that are called ${taken.join(', ')}.`;
    const fix = 'SecureWsMetricsModule.forRoot({}) has a registry of its own';
    throw new SecureWsBootError([{ where: 'SecureWsMetricsModule.registry', problem, fix }]);
  }
  for (const metric of metrics.values()) registry.registerMetric(metric as unknown as Metric);
  return { together, applications: new Set(), metrics };
}
