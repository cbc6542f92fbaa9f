import { type DynamicModule, Inject, Module, Optional, type Provider } from '@nestjs/common';
import { SecureWsBootError } from '../core/boot-problems.js';
import { WsObservers } from '../core/observers.js';
import { WsFigures } from '../ws-figures.js';
import { METRICS_OPTIONS } from './metrics-token.guard.js';
import { createMetricsController } from './metrics.controller.js';
import {
  type MetricsAsyncOptions,
  type MetricsOptions,
  type ResolvedMetricsOptions,
  resolveAsyncMetricsOptions,
  resolveMetricsOptions,
  resolveMetricsRoute,
} from './metrics.options.js';
import { SecureWsMetrics } from './secure-ws-metrics.js';

/**
 * Measures what the module does, for Prometheus. Import it beside `SecureWsModule`; it needs `prom-client`.
 *
 * @example
 * ```ts
 * SecureWsMetricsModule.forRoot({ endpoint: { token: process.env.METRICS_TOKEN } })
 * ```
 */
@Module({})
export class SecureWsMetricsModule {
  /** @internal */
  constructor(@Optional() @Inject(METRICS_OPTIONS) options: ResolvedMetricsOptions | undefined) {
    if (options !== undefined) return;
    const fix = 'imports: [SecureWsMetricsModule.forRoot({ endpoint: { token: process.env.METRICS_TOKEN } })]';
    const where = 'imports: [SecureWsMetricsModule]';
    throw new SecureWsBootError([{ where, problem: 'measures nothing: it has no options.', fix }]);
  }

  /**
   * Configures the module. Provides {@link SecureWsMetrics}, whose registry has the metrics.
   *
   * @throws {SecureWsBootError} for what is wrong with the options, and at boot without `prom-client` or `SecureWsModule`.
   */
  static forRoot(options: MetricsOptions = {}): DynamicModule {
    const resolved = resolveMetricsOptions(options);
    const { endpoint } = resolved;
    return {
      module: SecureWsMetricsModule,
      controllers: endpoint === undefined ? [] : [createMetricsController(endpoint)],
      providers: [{ provide: METRICS_OPTIONS, useValue: resolved }, METRICS],
      exports: [SecureWsMetrics],
    };
  }

  /**
   * Configures the module with options that providers know, such as `ConfigService`. What Nest needs before these are there,
   * the path and the guards of the route, stands beside `useFactory`.
   *
   * @example
   * ```ts
   * SecureWsMetricsModule.forRootAsync({
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({ endpoint: { token: config.getOrThrow('METRICS_TOKEN') } }),
   * })
   * ```
   *
   * @throws {SecureWsBootError} for what is wrong with the path and the guards; at boot as {@link forRoot} does.
   */
  static forRootAsync(options: MetricsAsyncOptions): DynamicModule {
    const { imports = [], inject = [], useFactory } = options;
    const route = resolveMetricsRoute(options);
    const resolved = async (...injected: never[]): Promise<ResolvedMetricsOptions> =>
      resolveAsyncMetricsOptions(await useFactory(...injected), route);
    return {
      module: SecureWsMetricsModule,
      imports,
      controllers: [createMetricsController(route)],
      providers: [{ provide: METRICS_OPTIONS, inject, useFactory: resolved }, METRICS],
      exports: [SecureWsMetrics],
    };
  }
}

const METRICS: Provider = {
  provide: SecureWsMetrics,
  inject: [METRICS_OPTIONS, { token: WsObservers, optional: true }, { token: WsFigures, optional: true }],
  useFactory: (options: ResolvedMetricsOptions, observers?: WsObservers, figures?: WsFigures) => {
    if (observers !== undefined && figures !== undefined) return new SecureWsMetrics(options, observers, figures);
    const problem = 'measures SecureWsModule, which is not imported.';
    const fix = 'imports: [SecureWsModule.forRoot({ ... }), SecureWsMetricsModule.forRoot({ ... })]';
    throw new SecureWsBootError([{ where: 'SecureWsMetricsModule', problem, fix }]);
  },
};
