import {
  type DynamicModule,
  Inject,
  type InjectionToken,
  Module,
  Optional,
  type Provider,
  type Type,
} from '@nestjs/common';
import { SecureWsAlerts } from './alerts/secure-ws-alerts.js';
import { SecureWsHealth } from './health/secure-ws-health.js';
import { WsChallengeService } from './handshake/challenge/ws-challenge.service.js';
import { WsHttpServers } from './adapter/ws-http-servers.js';
import { SecurityEvents } from './events/security-events.js';
import { BootProblems, SecureWsBootError } from './core/boot-problems.js';
import { refuseWithoutModule } from './boot/missing-module.js';
import { EnhancerChecks } from './socket-io/enhancer-checks.js';
import { WsBackChannelLogout } from './authentication/back-channel-logout/ws-back-channel-logout.js';
import { WsClientCertificates } from './authentication/client-certificate/ws-client-certificates.js';
import { WsCsrfTokens } from './authentication/csrf-tokens.js';
import { WsSharedSignals } from './authentication/shared-signals/ws-shared-signals.js';
import { WsTicketService } from './authentication/ticket/ws-ticket.service.js';
import { htmlLibraryLoaded } from './validation/hygiene/html-library.js';
import { SocketAdmission } from './socket-io/socket-admission.js';
import { SocketWatch } from './socket-io/socket-watch.js';
import { WsSocketIdentities } from './socket-io/ws-socket-identities.js';
import { WsCluster } from './cluster/ws-cluster.js';
import { Clock, SystemClock } from './core/clock.js';
import { WsObservers } from './core/observers.js';
import { TestSetup } from './core/test-setup.js';
import { MODULE_PRESENCE, type ModulePresence } from './nest/module-required.guard.js';
import { WsConnectionLifecycleService } from './lifecycle/ws-connection-lifecycle.service.js';
import { RESOLVED_OPTIONS, type ResolvedSecureWsOptions, resolveOptions } from './resolve-options.js';
import { WsRevocationService } from './lifecycle/revocation/ws-revocation.service.js';
import { SecureWsInstaller } from './secure-ws.installer.js';
import { SecureWsOrderModule } from './secure-ws-order.module.js';
import { createStore } from './store/store.options.js';
import { SecureWsStore } from './store/secure-ws.store.js';
import type { SecureWsOptions } from './secure-ws.options.js';
import { SecureWsRuntime } from './secure-ws.runtime.js';
import { WsFigures } from './ws-figures.js';
import { CalmLoadMeter, LoadMeter, ProcessLoadMeter } from './throttling/shedding/load-meter.js';

/** Makes the options: for `forRootAsync({ useClass })` and `useExisting`. */
export interface SecureWsOptionsFactory {
  /** Called once, at boot. */
  createSecureWsOptions(): SecureWsOptions | Promise<SecureWsOptions>;
}

/** What `SecureWsModule.forRootAsync()` takes: one of `useFactory`, `useClass` and `useExisting`. */
export interface SecureWsAsyncOptions {
  /** Modules whose exports the factory injects. */
  readonly imports?: DynamicModule['imports'];
  /** What `useFactory` is called with. */
  readonly inject?: NonNullable<Extract<Provider, { inject?: unknown }>['inject']>;
  /** Makes the options from what `inject` names. */
  readonly useFactory?: (...args: never[]) => SecureWsOptions | Promise<SecureWsOptions>;
  /** A class that makes them; instantiated here. */
  readonly useClass?: Type<SecureWsOptionsFactory>;
  /** A provider that makes them. */
  readonly useExisting?: Type<SecureWsOptionsFactory>;
}

// Whoever has a decorator has loaded this file, also where the module is in no imports.
refuseWithoutModule();

const USER_OPTIONS = Symbol('options of SecureWsModule');

/**
 * Protects every WebSocket gateway of the application. Import it once, in the root module; there is nothing to add to
 * `main.ts`.
 *
 * @example
 * ```ts
 * SecureWsModule.forRoot({
 *   handshake: { origins: ['https://app.example.com'] },
 *   authentication: { jwt: { secret, algorithms: ['HS256'], issuer: 'https://id.example.com', audience: 'chat' } },
 * })
 * ```
 */
@Module({})
export class SecureWsModule {
  /** @internal */
  constructor(@Optional() @Inject(SecureWsInstaller) installer: SecureWsInstaller | undefined) {
    // The class by itself, as other modules are imported, would protect nothing.
    if (installer !== undefined) return;
    throw new SecureWsBootError([
      {
        where: 'imports: [SecureWsModule]',
        problem: 'configures nothing: no gateway would be protected.',
        fix: 'imports: [SecureWsModule.forRoot({ handshake: { origins: [...] }, authentication: { ... } })]',
      },
    ]);
  }

  /**
   * Configures the module.
   *
   * What is wrong with the options fails the boot with a {@link SecureWsBootError}, together with what the gateways leave
   * undecided.
   */
  static forRoot(options: SecureWsOptions): DynamicModule {
    return define({ provide: USER_OPTIONS, useValue: options });
  }

  /**
   * Configures the module with options that are made at boot.
   *
   * @throws TypeError unless exactly one of `useFactory`, `useClass` and `useExisting` is given.
   */
  static forRootAsync(options: SecureWsAsyncOptions): DynamicModule {
    const { imports = [], inject = [], useFactory, useClass, useExisting } = options;
    const given = [useFactory, useClass, useExisting].filter((item) => item !== undefined);
    if (given.length !== 1) {
      throw new TypeError('SecureWsModule.forRootAsync() takes exactly one of useFactory, useClass and useExisting.');
    }
    if (useFactory !== undefined) {
      return define({ provide: USER_OPTIONS, useFactory: namingFailures('useFactory', useFactory), inject }, imports);
    }
    const factory = (useExisting ?? useClass) as Type<SecureWsOptionsFactory>;
    const provider: Provider = {
      provide: USER_OPTIONS,
      useFactory: namingFailures(factory.name, (maker: SecureWsOptionsFactory) => maker.createSecureWsOptions()),
      inject: [factory],
    };
    return define(provider, imports, useClass === undefined ? [] : [useClass]);
  }
}

type OptionsFunction = (...args: never[]) => unknown;

/** Says where the options are made, when they cannot be: what a factory throws names nothing of the module. */
function namingFailures(name: string, make: OptionsFunction): (...args: never[]) => Promise<unknown> {
  return async (...args) => {
    try {
      const made: unknown = await make(...args);
      if (typeof made === 'object' && made !== null) return made;
      throw new SecureWsBootError([
        {
          where: 'SecureWsModule.forRootAsync',
          problem: `${name} answers ${made === undefined ? 'undefined' : made === null ? 'null' : `a ${typeof made}`}, and no options.`,
          fix: `return the options from ${name}: ({ handshake: { origins: [...] }, authentication: { ... } })`,
        },
      ]);
    } catch (cause) {
      if (cause instanceof SecureWsBootError) throw cause;
      const missing =
        args.length < make.length ? `, which takes ${make.length} and is given ${args.length} by inject,` : '';
      const reason = cause instanceof Error ? cause.message : 'it threw something that is no Error';
      const problem = `${name}${missing} cannot make the options: ${reason}`;
      const fix =
        'SecureWsModule.forRootAsync({ inject: [ConfigService], useFactory: (config: ConfigService) => ({ ... }) })';
      throw new SecureWsBootError([{ where: 'SecureWsModule.forRootAsync', problem, fix }], { cause });
    }
  };
}

function define(userOptions: Provider, imports: DynamicModule['imports'] = [], extra: Provider[] = []): DynamicModule {
  return {
    module: SecureWsModule,
    global: true,
    imports: [...imports, SecureWsOrderModule],
    providers: [...extra, userOptions, ...PROVIDERS],
    exports: [
      BootProblems,
      Clock,
      EnhancerChecks,
      MODULE_PRESENCE,
      SecureWsAlerts,
      SecureWsHealth,
      SecureWsInstaller,
      SecureWsRuntime,
      SecureWsStore,
      SecurityEvents,
      WsBackChannelLogout,
      WsClientCertificates,
      WsCluster,
      WsConnectionLifecycleService,
      WsChallengeService,
      WsCsrfTokens,
      WsFigures,
      WsHttpServers,
      WsObservers,
      WsRevocationService,
      WsSharedSignals,
      WsSocketIdentities,
      WsTicketService,
    ],
  };
}

/** Provides a part of the runtime by itself. */
function partOf(provide: InjectionToken, part: (runtime: SecureWsRuntime) => unknown): Provider {
  return { provide, inject: [SecureWsRuntime], useFactory: part };
}

const PROVIDERS: readonly Provider[] = [
  BootProblems,
  WsObservers,
  SecureWsRuntime,
  SecureWsInstaller,
  EnhancerChecks,
  SocketWatch,
  partOf(WsCsrfTokens, ({ csrfTokens }) => csrfTokens),
  partOf(
    WsClientCertificates,
    ({ revokedCertificates, clock, lifecycle }) =>
      new WsClientCertificates(revokedCertificates, clock, () => lifecycle.all()),
  ),
  partOf(WsTicketService, ({ tickets }) => tickets),
  partOf(WsChallengeService, ({ challenges }) => challenges),
  partOf(WsBackChannelLogout, ({ backChannelLogout }) => backChannelLogout),
  partOf(WsSharedSignals, ({ sharedSignals }) => sharedSignals),
  partOf(WsCluster, ({ cluster }) => cluster),
  partOf(WsRevocationService, ({ revocations }) => revocations),
  partOf(SecureWsAlerts, ({ alerts }) => alerts),
  partOf(WsFigures, (runtime) => new WsFigures(runtime)),
  partOf(SecureWsHealth, (runtime) => new SecureWsHealth(runtime)),
  partOf(SecurityEvents, ({ events }) => events),
  partOf(WsConnectionLifecycleService, ({ lifecycle }) => lifecycle),
  partOf(WsSocketIdentities, (runtime) => {
    const admission = new SocketAdmission(runtime.store, () => runtime.defaultEngine.parts.ledger);
    return new WsSocketIdentities(() => runtime.authenticators, admission);
  }),
  { provide: WsHttpServers, inject: [SecureWsInstaller], useFactory: ({ servers }: SecureWsInstaller) => servers },
  { provide: MODULE_PRESENCE, useFactory: (): ModulePresence => ({ hasBooted: false }) },
  {
    provide: Clock,
    inject: [{ token: TestSetup, optional: true }],
    useFactory: (test?: TestSetup): Clock => test?.clock ?? new SystemClock(),
  },
  {
    provide: LoadMeter,
    inject: [{ token: TestSetup, optional: true }],
    useFactory: (test?: TestSetup): LoadMeter => (test === undefined ? new ProcessLoadMeter() : new CalmLoadMeter()),
  },
  {
    provide: RESOLVED_OPTIONS,
    inject: [USER_OPTIONS, BootProblems, { token: TestSetup, optional: true }],
    useFactory: async (
      options: unknown,
      problems: BootProblems,
      test?: TestSetup,
    ): Promise<ResolvedSecureWsOptions> => {
      // The gateways are checked, and their DTOs with them, where nothing can wait any more.
      await htmlLibraryLoaded();
      return resolveOptions(test === undefined ? options : test.adjust(options), problems);
    },
  },
  {
    provide: SecureWsStore,
    inject: [RESOLVED_OPTIONS, Clock],
    useFactory: ({ store }: ResolvedSecureWsOptions, clock: Clock) => createStore(store, clock),
  },
];
