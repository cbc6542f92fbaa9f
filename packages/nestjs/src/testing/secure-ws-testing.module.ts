import { type DynamicModule, Module } from '@nestjs/common';
import type { Clock } from '../core/clock.js';
import { TestSetup } from '../core/test-setup.js';
import { refuseProduction } from './refuse-production.js';
import { adjustForTests, type TestLimits } from './test-options.js';
import { TestAuthenticator } from './test-identity.js';

/** What `SecureWsTestingModule.forRoot()` takes. */
export interface SecureWsTestingOptions {
  /**
   * The time of the application, usually a `FakeClock`.
   *
   * @default the machine's clock
   */
  readonly clock?: Clock;
  /**
   * What becomes of the limits that count by address, and of the rate of handshakes of one principal. All clients of a test
   * run share an address, so they are lifted; `'as-configured'` is for tests of the limits themselves.
   *
   * @default 'relaxed'
   */
  readonly limits?: TestLimits;
}

/**
 * Imported beside the application's root module in a test, lets the test be anybody: identities of `testIdentity()` are
 * admitted in addition to the application's own, and time is the test's.
 *
 * Everything else stays what it is in production: origins, decisions, validation, throttles, the caps of a principal.
 *
 * @example
 * ```ts
 * const testing = await Test.createTestingModule({ imports: [AppModule, SecureWsTestingModule.forRoot()] }).compile();
 * ```
 */
@Module({})
export class SecureWsTestingModule {
  /**
   * Configures the module. It works through `SecureWsModule` of the application and does nothing without it.
   *
   * @throws Error where `NODE_ENV` is `production`.
   */
  static forRoot({ clock, limits = 'relaxed' }: SecureWsTestingOptions = {}): DynamicModule {
    refuseProduction();
    const setup: TestSetup = {
      clock,
      adjust: (options) => adjustForTests(options, limits),
      authenticators: (clockInForce) => [new TestAuthenticator(clockInForce)],
    };
    return {
      module: SecureWsTestingModule,
      global: true,
      providers: [{ provide: TestSetup, useValue: setup }],
      exports: [TestSetup],
    };
  }
}
