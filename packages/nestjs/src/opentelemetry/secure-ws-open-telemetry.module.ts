import { type DynamicModule, Inject, Module, Optional } from '@nestjs/common';
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
  /** @internal */
  constructor(@Optional() @Inject(OpenTelemetry) telemetry: OpenTelemetry | undefined) {
    if (telemetry !== undefined) return;
    const where = 'imports: [SecureWsOpenTelemetryModule]';
    const fix = 'imports: [SecureWsOpenTelemetryModule.forRoot()]';
    throw new SecureWsBootError([{ where, problem: 'hands on nothing: it has no options.', fix }]);
  }

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
            if (observers === undefined || figures === undefined) {
              refuse(
                'watches SecureWsModule, which is not imported.',
                'imports: [SecureWsModule.forRoot({ ... }), SecureWsOpenTelemetryModule.forRoot()]',
              );
            }
            if (WATCHED.has(observers)) {
              refuse(
                'is imported twice: each figure would be doubled, and each span there twice.',
                'import SecureWsOpenTelemetryModule.forRoot() once, in the root module',
              );
            }
            WATCHED.add(observers);
            return new OpenTelemetry(resolved, observers, figures);
          },
        },
      ],
    };
  }
}

/** The applications that are handed on already, by their observers. */
const WATCHED = new WeakSet<WsObservers>();

function refuse(problem: string, fix: string): never {
  throw new SecureWsBootError([{ where: 'SecureWsOpenTelemetryModule', problem, fix }]);
}
