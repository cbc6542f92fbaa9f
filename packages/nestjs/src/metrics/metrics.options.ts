import type { DynamicModule, FactoryProvider } from '@nestjs/common';
import { BootProblems, SecureWsBootError } from '../core/boot-problems.js';
import { type Filled, OptionReader } from '../core/option-reader.js';
import { readRoute } from '../core/read-route.js';
import {
  type MetricsEndpointOptions,
  type MetricsRoute,
  readMetricsEndpoint,
  readMetricsGuards,
  type ResolvedMetricsEndpoint,
} from './metrics-endpoint.options.js';
import type { MetricsRegistry } from './prometheus/prometheus-registration.js';

/** What `SecureWsMetricsModule.forRoot()` takes. */
export interface MetricsOptions {
  /**
   * The application's own registry, such as `register` of `prom-client`. Several applications of a process may share one; what
   * they count is added up.
   *
   * @default one of the module's own: `SecureWsMetrics.registry`
   */
  readonly registry?: MetricsRegistry;
  /**
   * Events that the application sends by itself, with `connection.send()` or a broadcast, and that get a series of their own.
   * The events of handlers have one; everything else counts as `other`. At most 200.
   *
   * @default none
   */
  readonly sentEvents?: readonly string[];
  /**
   * Serves the metrics of the registry over HTTP.
   *
   * @default none: the application serves them as it likes
   */
  readonly endpoint?: MetricsEndpointOptions;
}

/** What `SecureWsMetricsModule.forRootAsync()` takes. */
export interface MetricsAsyncOptions {
  /** Modules whose exports the factory injects. */
  readonly imports?: DynamicModule['imports'];
  /** What `useFactory` is called with. */
  readonly inject?: FactoryProvider['inject'];
  /**
   * Makes the options, once and at boot. Its `endpoint` has the `token` only; without an `endpoint` the route answers `404`.
   */
  readonly useFactory: (...args: never[]) => MetricsOptions | Promise<MetricsOptions>;
  /**
   * The path of the route.
   *
   * @default 'metrics'
   */
  readonly path?: string;
  /**
   * Guards of the application that decide who scrapes.
   *
   * @default none
   */
  readonly guards?: MetricsEndpointOptions['guards'];
}

/** {@link MetricsOptions} with defaults filled. */
export type ResolvedMetricsOptions = Filled<Omit<MetricsOptions, 'endpoint'>, 'registry'> & {
  readonly endpoint: ResolvedMetricsEndpoint | undefined;
};

/** How many events may be listed: each of them is eight series at least. */
const MAX_SENT_EVENTS = 200;

/** @throws {SecureWsBootError} with everything that is wrong. */
export function resolveMetricsOptions(options: unknown): ResolvedMetricsOptions {
  return resolve(options, undefined);
}

/**
 * What `useFactory` made, for the route that was named beside it.
 *
 * @throws {SecureWsBootError} with everything that is wrong.
 */
export function resolveAsyncMetricsOptions(options: unknown, route: MetricsRoute): ResolvedMetricsOptions {
  // A factory that forgot its `return`.
  return resolve(options === undefined ? null : options, route);
}

/**
 * What stands beside `useFactory`.
 *
 * @throws {SecureWsBootError} with everything that is wrong.
 */
export function resolveMetricsRoute(options: unknown): MetricsRoute {
  const problems = new BootProblems();
  const reader = new OptionReader(options, 'SecureWsMetricsModule.forRootAsync()', problems);
  for (const name of ['imports', 'inject']) reader.checked(name, Array.isArray, 'must be a list', '[]');
  const isFunction = (value: unknown): value is () => unknown => typeof value === 'function';
  const example = "(config: ConfigService) => ({ endpoint: { token: config.getOrThrow('METRICS_TOKEN') } })";
  if (
    reader.checked('useFactory', isFunction, 'must be a function', example) === undefined &&
    !reader.has('useFactory')
  ) {
    reader.fail('useFactory', 'is missing.', example);
  }
  const route = reader.finish({ path: readRoute(reader, 'metrics'), guards: readMetricsGuards(reader) });
  if (problems.problems.length > 0) throw new SecureWsBootError(problems.problems);
  return route;
}

function resolve(options: unknown, route: MetricsRoute | undefined): ResolvedMetricsOptions {
  const problems = new BootProblems();
  const reader = new OptionReader(options, 'metrics', problems);
  const registry = reader.checked('registry', isRegistry, 'must be a Registry of prom-client', 'new Registry()');
  const sentEvents = reader.strings('sentEvents') ?? [];
  if (sentEvents.length > MAX_SENT_EVENTS) {
    const problem = `lists ${sentEvents.length} events; ${MAX_SENT_EVENTS} may have series of their own.`;
    reader.fail('sentEvents', problem, "sentEvents: ['tick']");
  }
  const endpoint = reader.has('endpoint') ? readMetricsEndpoint(reader.object('endpoint'), route) : undefined;
  const resolved = reader.finish({ registry, sentEvents, endpoint });
  if (problems.problems.length > 0) throw new SecureWsBootError(problems.problems);
  return resolved;
}

function isRegistry(value: unknown): value is MetricsRegistry {
  return typeof (value as Partial<MetricsRegistry> | null | undefined)?.registerMetric === 'function';
}
