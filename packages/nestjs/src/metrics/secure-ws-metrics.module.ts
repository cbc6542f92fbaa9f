import { type DynamicModule, Module } from '@nestjs/common';
import { SecureWsBootError } from '../core/boot-problems.js';
import { WsObservers } from '../core/observers.js';
import { WsFigures } from '../ws-figures.js';
import { createMetricsController } from './metrics.controller.js';
import { type MetricsOptions, resolveMetricsOptions } from './metrics.options.js';
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
      providers: [
        {
          provide: SecureWsMetrics,
          inject: [
            { token: WsObservers, optional: true },
            { token: WsFigures, optional: true },
          ],
          useFactory: (observers?: WsObservers, figures?: WsFigures) => {
            if (observers !== undefined && figures !== undefined) {
              return new SecureWsMetrics(resolved, observers, figures);
            }
            const problem = 'measures SecureWsModule, which is not imported.';
            const fix = 'imports: [SecureWsModule.forRoot({ ... }), SecureWsMetricsModule.forRoot({ ... })]';
            throw new SecureWsBootError([{ where: 'SecureWsMetricsModule', problem, fix }]);
          },
        },
      ],
      exports: [SecureWsMetrics],
    };
  }
}
