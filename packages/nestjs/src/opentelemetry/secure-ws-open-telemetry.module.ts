import { type DynamicModule, Module } from '@nestjs/common';
import { SecureWsBootError } from '../core/boot-problems.js';
import { WsObservers } from '../core/observers.js';
import { WsFigures } from '../ws-figures.js';
import { OpenTelemetry } from './open-telemetry.js';
import { type OpenTelemetryOptions, resolveOpenTelemetryOptions } from './open-telemetry.options.js';

/**
 * Hands metrics and traces to OpenTelemetry. Import it beside `SecureWsModule`; it needs `@opentelemetry/api`, and an SDK that
 * the application starts before it.
 *
 * @example
 * ```ts
 * SecureWsOpenTelemetryModule.forRoot({ trustTraceContext: ({ peer }) => peer === '10.0.0.7' })
 * ```
 */
@Module({})
export class SecureWsOpenTelemetryModule {
  /**
   * Configures the module.
   *
   * @throws {SecureWsBootError} for what is wrong with the options, and at boot without `@opentelemetry/api` or
   * `SecureWsModule`.
   */
  static forRoot(options: OpenTelemetryOptions = {}): DynamicModule {
    const resolved = resolveOpenTelemetryOptions(options);
    return {
      module: SecureWsOpenTelemetryModule,
      providers: [
        {
          provide: OpenTelemetry,
          inject: [
            { token: WsObservers, optional: true },
            { token: WsFigures, optional: true },
          ],
          useFactory: (observers?: WsObservers, figures?: WsFigures) => {
            if (observers !== undefined && figures !== undefined)
              return new OpenTelemetry(resolved, observers, figures);
            const problem = 'watches SecureWsModule, which is not imported.';
            const fix = 'imports: [SecureWsModule.forRoot({ ... }), SecureWsOpenTelemetryModule.forRoot()]';
            throw new SecureWsBootError([{ where: 'SecureWsOpenTelemetryModule', problem, fix }]);
          },
        },
      ],
    };
  }
}
