import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import type { ResolvedAuthenticationOptions } from '../authentication/authentication.options.js';
import type { WsAuthenticator } from '../authentication/authenticator.js';
import { createAuthenticators } from '../authentication/create-authenticators.js';
import { PolicyReports } from '../authorization/policy-reports.js';
import { ShadowJudge } from '../authorization/shadow/shadow-judge.js';
import { type BootProblems, SecureWsBootError } from '../core/boot-problems.js';
import type { GatewaySettings } from '../gateway-settings.js';
import { WsChallengeVerifier } from '../handshake/challenge/ws-challenge-verifier.js';
import { GatewayGuards } from '../handshake/guards/gateway-guards.js';
import { handshakeGuardsOf } from '../handshake/guards/use-handshake-guards.decorator.js';
import { ApplicationClasses } from '../nest/application-classes.js';
import { type DirectCall, directCallOf } from '../nest/direct-call.js';
import { mayWait } from '../nest/enhancers.js';
import { addLastFilter, containFilters, type FilterUser, LastFilter } from '../nest/exception-filters.js';
import { containHooks, type GatewayHookObserver, onRegistered } from '../nest/gateway-hooks.js';
import { type GatewayRecord, type HandlerRecord, type NestModule, takeInventory } from '../nest/gateway-inventory.js';
import { gateHandlers } from '../nest/handler-gate.js';
import { dropModuleGuard } from '../nest/module-required.guard.js';
import { passValidated } from '../nest/pass-validated.js';
import { beforeReading, RegistrationMetadata } from '../nest/registration-metadata.js';
import { checkPolicyLock } from '../policy-lock/check-policy-lock.js';
import type { SecureWsRuntime } from '../secure-ws.runtime.js';
import { loadCodec } from '../validation/codecs/load-codec.js';
import { WsValidationPipe } from '../socket-io/ws-validation.pipe.js';
import { announceBoot } from './announce-boot.js';
import type { BootInspection } from './boot-inspection.js';
import { checkPackages } from './check-packages.js';
import { checkNamedClasses } from './named-classes.js';
import { checkDecorators } from './ignored-decorators.js';
import { checkMigration, checkNoticeRoutes, warnOfIdleParts, warnOfMissingRoute } from './leftovers.js';
import { checkOwnGateways, checkOwnRoutes } from './own-routes.js';
import { compileHandler } from './compile-handler.js';
import { JudgedPayloads } from './judged-payloads.js';
import { maxBytesAt } from './handler-bytes.js';
import { warnOfContradictions } from './contradictions.js';
import { checkCoverage, type CoveredHandler } from './coverage.js';
import { checkHttpEnhancers } from './http-only.js';
import { discoverConnectionHooks } from './connection-hooks.js';
import { validatedParametersOf } from './validated-parameters.js';
import { discoverSecurityListeners } from './security-listeners.js';
import { endpointOf, type GatewayEndpoint, resolveEndpoints } from './gateway-endpoints.js';

export interface BootParts {
  readonly modules: ModulesContainer;
  /** The modules that `SecureWsModule.forRoot()` made; there must be one. */
  readonly homes: readonly NestModule[];
  readonly config: ApplicationConfig;
  readonly runtime: SecureWsRuntime;
  readonly hooks: GatewayHookObserver;
  readonly problems: BootProblems;
  /** Asked before the application's own authenticators, in tests. */
  readonly testAuthenticators: readonly WsAuthenticator[];
}

/** Has no state: all applications of a process share it. */
const LAST_FILTER = new LastFilter();

/**
 * The one boot point: takes the inventory, checks that everything is decided, and compiles the handlers. It runs once,
 * synchronously, right before Nest registers the first gateway. A boot that failed stays failed.
 */
export class BootSequence {
  readonly #classes: ApplicationClasses;
  readonly #registration = new RegistrationMetadata();
  readonly #judged = new JudgedPayloads();
  #boundCount = 0;
  #hasRun = false;
  #failure: Error | undefined;
  #endpoints: ReadonlyMap<string, GatewayEndpoint> = new Map();
  /** What was changed of what Nest and the application made. */
  readonly #undo: (() => void)[] = [];
  #inspection: BootInspection | undefined;

  constructor(private readonly parts: BootParts) {
    this.#classes = new ApplicationClasses(parts.modules);
  }

  /**
   * Runs once; later calls do nothing, or throw what the first one threw.
   *
   * @param isStarting whether the application is to run: it must then do what its policy lock says.
   * @throws {SecureWsBootError} with every problem of the options and of the gateways.
   */
  prepare(isStarting = true): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#hasRun) return;
    this.#hasRun = true;
    try {
      this.#prepare(isStarting);
    } catch (error) {
      throw this.fail(error);
    }
  }

  /**
   * What there is, without starting any of it. A policy lock is not held against it: who asks may want to write one.
   *
   * @throws {SecureWsBootError} as {@link prepare} does.
   */
  inspect(): BootInspection {
    this.prepare(false);
    return this.#inspection as BootInspection;
  }

  /** Makes what has to be waited for. Runs before the application is ready. */
  async finish(): Promise<void> {
    this.prepare();
    const { runtime, testAuthenticators } = this.parts;
    try {
      await this.#classes.prepare();
      await this.#prepareChallenge();
      await this.#makeRevalidator();
      await runtime.paths.loadCodecs(loadCodec);
      await runtime.makeAuthenticators((options, endpoint) => {
        const module = this.#moduleAt(endpoint);
        return createAuthenticators(options, {
          clock: runtime.clock,
          store: runtime.store,
          revokedCertificates: runtime.revokedCertificates,
          vault: runtime.vault,
          instanceOf: (type) => this.#classes.singletonOf(type, module),
          ofTest: testAuthenticators,
        });
      });
      await runtime.events.open(); // Last: a boot that fails leaves nothing open.
    } catch (error) {
      throw this.fail(error);
    }
  }

  async #prepareChallenge(): Promise<void> {
    const { challenge } = this.parts.runtime.options.handshake;
    if (challenge === undefined) return;
    const { verifier } = challenge;
    const made =
      verifier instanceof WsChallengeVerifier
        ? verifier
        : await this.#classes.singletonOf(verifier, this.#moduleAt(undefined));
    await this.parts.runtime.useChallengeVerifier(made);
  }

  async #makeRevalidator(): Promise<void> {
    const { runtime } = this.parts;
    const { revalidator: named } = runtime.options.lifecycle.revalidation;
    runtime.revalidator =
      typeof named === 'function' ? await this.#classes.singletonOf(named, this.#moduleAt(undefined)) : named;
  }

  /** Puts everything back as it was, for the next application of the process. Called when this one has closed. */
  undo(): void {
    this.#registration.restore();
    for (const step of this.#undo.splice(0).reverse()) step();
  }

  /** Remembers why the boot failed, and leaves nothing changed behind. */
  fail(error: unknown): Error {
    this.undo();
    return (this.#failure = error instanceof Error ? error : new Error('The boot failed.', { cause: error }));
  }

  /**
   * Says what the application has of the module, and what weakens it. Called when it has started.
   *
   * @param cors what the application gave to each `enableCors()`.
   */
  announce(cors: readonly unknown[]): void {
    announceBoot(this.parts.runtime, this.inspect(), cors);
  }

  #prepare(isStarting: boolean): void {
    const { problems, runtime, modules, config } = this.parts;
    const { options, events } = runtime;
    // Of the gateways as they were written: another application may be at the same classes.
    this.#registration.activate();
    checkPackages(this.parts.homes.length, problems);
    const gateways = takeInventory(modules);
    this.#endpoints = resolveEndpoints(gateways, options, problems);
    warnOfContradictions(options, problems);
    checkHttpEnhancers(gateways, config, problems);
    checkDecorators(modules, gateways, problems);
    checkMigration(options.migration.gateways, gateways, problems);
    checkNoticeRoutes(runtime, this.#authentications(), problems);
    warnOfMissingRoute(runtime, this.#authentications(), problems);
    checkOwnRoutes(modules, problems);
    checkOwnGateways(gateways, problems);
    const settingsOf = (gateway: GatewayRecord): GatewaySettings => this.#settingsOf(gateway);
    const handlers = checkCoverage(gateways, { options, config, settingsOf }, problems);
    warnOfIdleParts(gateways, this.#endpoints, handlers, problems);
    const places = { classes: this.#classes, options, home: this.#moduleAt(), endpoints: this.#endpoints.values() };
    checkNamedClasses(places, gateways, handlers, problems);
    const inspection: BootInspection = {
      gateways,
      endpoints: this.#endpoints,
      handlers,
      warnings: problems.warnings,
      ownerOf: (type, gateway) => this.#classes.ownerOf(type, gateway.module),
    };
    // Of an application with other problems it would only say once more what they are.
    if (isStarting && problems.problems.length === 0) checkPolicyLock({ inspection, options }, problems);
    const listeners = discoverSecurityListeners(modules, options.alerts, problems);
    const hooks = discoverConnectionHooks(modules, gateways, options.adapter, problems);
    if (problems.problems.length > 0) throw new SecureWsBootError(problems.problems);
    events.listen(listeners);
    runtime.hooks.use(hooks);
    runtime.observe();
    for (const [endpoint, { settings }] of this.#endpoints)
      runtime.addPath(endpoint, settings, maxBytesAt(endpoint, handlers));

    for (const gateway of gateways) {
      runtime.addGateway(gateway.type, this.#settingsOf(gateway));
      // On another adapter Nest's own path stays as it is, and the checks are the enhancers that the gateway names.
      if (options.adapter) this.#prepareGateway(gateway);
    }
    const calls = this.#prepareRegistration(gateways, handlers);
    const reports = new PolicyReports(events, runtime.faults);
    const shadows = new ShadowJudge(runtime.clock, options.authorization.policyTimeoutMs, reports);
    const { detailedErrors } = options;
    const { outputs } = runtime;
    const kept = { classes: this.#classes, judged: this.#judged };
    const compileParts = { ...kept, config, reports, shadows, detailedErrors, outputs, calls };
    for (const handler of handlers) {
      const { gateway, callback } = handler.record;
      const mayGetBytes = maxBytesAt(endpointOf(gateway), handlers) > 0;
      runtime.plans.add(gateway, callback, compileHandler(handler, compileParts, mayGetBytes));
    }
    this.#inspection = inspection;
  }

  /** The module's, and those that gateways have of their own. */
  #authentications(): readonly ResolvedAuthenticationOptions[] {
    const own = [...this.#endpoints.values()].map(({ settings }) => settings.authentication);
    return [this.parts.runtime.options.authentication, ...own.filter((each) => each !== undefined)];
  }

  #settingsOf(gateway: GatewayRecord): GatewaySettings {
    return this.#endpoints.get(endpointOf(gateway))?.settings ?? this.parts.runtime.defaults;
  }

  /** The module that names the classes of an endpoint's options, or of the module's. */
  #moduleAt(endpoint = ''): NestModule {
    return this.#endpoints.get(endpoint)?.gateway.module ?? (this.parts.homes[0] as NestModule);
  }

  #prepareGateway(gateway: GatewayRecord): void {
    const { hooks, runtime } = this.parts;
    const user: FilterUser = {
      owns: (client) => hooks.owns(client),
      onFilterFailed: (name, connectionId) => {
        const connection = connectionId === undefined ? {} : { connectionId };
        runtime.events.emit({ type: 'ws.application.failed', where: `${name}.catch`, ...connection });
      },
    };
    this.#undo.push(containHooks(gateway, hooks), ...containFilters(gateway, user));
    addLastFilter(gateway, LAST_FILTER, this.#registration);
    const guards = handshakeGuardsOf(gateway.type);
    if (guards.length === 0) return;
    const providers = guards.map((guard) => this.#classes.providerOf(guard, gateway.module));
    runtime.guard.setGatewayGuards(gateway, new GatewayGuards(gateway.type, providers));
  }

  /**
   * Changes what Nest reads while it registers the gateways. The last one that it registers puts everything back.
   *
   * @returns the handlers that need nothing of what Nest would do around them.
   */
  #prepareRegistration(
    gateways: readonly GatewayRecord[],
    covered: readonly CoveredHandler[],
  ): ReadonlyMap<HandlerRecord, DirectCall> {
    const { config, modules, runtime } = this.parts;
    const { adapter, migration } = runtime.options;
    // As they were written: their pipes are about to be moved.
    const waiting = gateways.map(({ handlers }) => handlers.filter((handler) => mayWait(handler, config)));
    this.#registration.onRestore(beforeReading(modules, () => this.#registration.activate()));
    passValidated(gateways, config, this.#registration, {
      ours: WsValidationPipe,
      isReported: ({ type }) => migration.gateways.has(type),
      isValidated: validatedParametersOf(covered, config),
      judged: this.#judged,
    });
    const calls = new Map<HandlerRecord, DirectCall>();
    for (const handler of adapter ? gateways.flatMap(({ handlers }) => handlers) : []) {
      const call = directCallOf(handler, config);
      if (call !== undefined) calls.set(handler, call);
    }
    for (const [index, gateway] of gateways.entries()) {
      dropModuleGuard(gateway, this.#registration);
      const undo = onRegistered(gateway, () => {
        if (++this.#boundCount === gateways.length) this.#registration.restore();
      });
      this.#undo.push(undo);
      const gated = (waiting[index] ?? []).filter((handler) => !calls.has(handler));
      gateHandlers(gateway, gated, this.#registration);
    }
    return calls;
  }
}
