import { Logger } from '@nestjs/common';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { AuthorizationPlan } from '../authorization/authorization-plan.js';
import { discoverSecurityEventListeners } from '../events/on-security-event.js';
import type { GatewaySettings } from '../gateway-settings.js';
import { GatewayGuards } from '../handshake/guards/gateway-guards.js';
import { handshakeGuardsOf } from '../handshake/guards/use-handshake-guards.decorator.js';
import type { BootProblems } from '../core/boot-problems.js';
import { ValidatedPayloads } from '../core/validated-payloads.js';
import { canSeeUnfinished } from '../nest/unfinished-message.js';
import type { HandlerPlan } from '../messages/handler-plan.js';
import { WsExceptionsFilter } from '../socket-io/ws-exceptions.filter.js';
import type { SecureWsRuntime } from '../secure-ws.runtime.js';
import { compilePayload } from '../validation/compile-payload.js';
import { containFilter } from '../nest/contain-filter.js';
import { checkCoverage, type CoveredHandler } from './coverage.js';
import { enhancersOf, globalPipes, hasInterceptors } from '../nest/enhancers.js';
import { addLastFilter } from '../nest/exception-filters.js';
import { addressOf, resolvePaths } from './gateway-paths.js';
import { containHooks, type GatewayHookObserver } from '../nest/gateway-hooks.js';
import { type GatewayRecord, takeInventory } from '../nest/gateway-inventory.js';
import { ModuleResolution } from '../nest/module-resolution.js';
import { SecureWsBootError } from '../core/boot-problems.js';
import { skipValidated } from '../nest/skip-validated.js';
import { checkTransformerCopies } from '../nest/transformer-storage.js';
import { checkWsVersion } from '../nest/ws-version.js';

/** What the boot works on. */
export interface BootParts {
  readonly modules: ModulesContainer;
  readonly config: ApplicationConfig;
  readonly runtime: SecureWsRuntime;
  readonly hooks: GatewayHookObserver;
  /** What was found wrong with the options. */
  readonly problems: BootProblems;
}

/**
 * The one boot point: takes the inventory, checks that everything is decided, and compiles the handlers. It runs once,
 * synchronously, right before Nest registers the first gateway.
 */
export class BootSequence {
  readonly #logger = new Logger('SecureWs');
  readonly #resolution = new ModuleResolution();
  readonly #lastFilter = new WsExceptionsFilter();
  #hasRun = false;

  constructor(private readonly parts: BootParts) {}

  /**
   * Runs once; later calls do nothing.
   *
   * @throws {SecureWsBootError} with every problem of the options and of the gateways.
   */
  prepare(): void {
    if (this.#hasRun) return;
    this.#hasRun = true;
    const { modules, problems, runtime } = this.parts;
    checkWsVersion(problems);
    checkTransformerCopies(problems);
    if (!canSeeUnfinished()) {
      problems.add(
        'ws',
        'keeps its unfinished messages elsewhere than 8.23 does: their deadline would be off.',
        'npm install ws@8.23.0',
      );
    }
    const gateways = takeInventory(modules);
    const paths = resolvePaths(gateways, runtime.options, problems);
    const settingsOf = (gateway: GatewayRecord): GatewaySettings => paths.get(addressOf(gateway)) ?? runtime.defaults;
    const handlers = checkCoverage(
      gateways,
      {
        admitsAnonymous: (gateway) => settingsOf(gateway).anonymous,
        isMigrating: ({ type }) => runtime.options.migration.gateways.has(type),
      },
      problems,
    );
    const listeners = discoverSecurityEventListeners(modules, problems);
    if (problems.problems.length > 0) throw new SecureWsBootError(problems.problems);
    runtime.events.listen(listeners);
    this.#announceWarnings();
    for (const [address, settings] of paths) runtime.addPath(address, settings);
    for (const gateway of gateways) runtime.csrfTokens.addGateway(gateway.type, settingsOf(gateway).authentication);
    // On another adapter Nest's own path stays as it is, and the checks are the enhancers that the gateway names.
    if (runtime.options.adapter) for (const gateway of gateways) this.#prepareGateway(gateway);
    this.#prepareValidationPipes(gateways);
    this.#compile(handlers);
  }

  /** Makes what has to be waited for. Runs before the application is ready. */
  async finish(): Promise<void> {
    this.prepare();
    await this.#resolution.prepare();
    await this.parts.runtime.makeAuthenticators();
  }

  #prepareGateway(gateway: GatewayRecord): void {
    const { hooks, runtime } = this.parts;
    containHooks(gateway, hooks);
    for (const filter of new Set(enhancersOf(gateway, 'filters'))) {
      if (filter === this.#lastFilter) continue;
      containFilter(filter, (name, connectionId) => {
        runtime.events.emit({
          type: 'ws.application.failed',
          where: `${name}.catch`,
          ...(connectionId === undefined ? {} : { connectionId }),
        });
      });
    }
    addLastFilter(gateway, this.#lastFilter);
    this.#prepareHandshakeGuards(gateway);
  }

  #prepareHandshakeGuards(gateway: GatewayRecord): void {
    const guards = handshakeGuardsOf(gateway.type);
    if (guards.length === 0) return;
    const providers = guards.map((guard) => this.#resolution.providerOf(guard, gateway.module));
    this.parts.runtime.guard.setGatewayGuards(gateway, new GatewayGuards(gateway.type, providers));
  }

  #prepareValidationPipes(gateways: readonly GatewayRecord[]): void {
    const pipes = gateways.flatMap((gateway) => enhancersOf(gateway, 'pipes'));
    const all = new Set([...pipes, ...globalPipes(this.parts.config)]);
    const validated = new ValidatedPayloads();
    const skipping = [...all].filter((pipe) => skipValidated(pipe, validated));
    // Remembering each payload costs a little for each message: only where a pipe asks.
    if (skipping.length > 0) this.parts.runtime.rememberValidated(validated);
  }

  #announceWarnings(): void {
    for (const { where, warning } of this.parts.problems.warnings) {
      this.#logger.warn(`${where} ${warning}`);
      this.parts.runtime.events.emit({
        type: 'ws.config.weak',
        option: where,
        warning,
      });
    }
  }

  #compile(handlers: readonly CoveredHandler[]): void {
    for (const handler of handlers) {
      const { gateway, callback } = handler.record;
      this.parts.runtime.addPlan(gateway, callback, this.#compileHandler(handler));
    }
  }

  #compileHandler({ record, event, decision, payload, throttles, isReported }: CoveredHandler): HandlerPlan {
    const { module } = record.gateway;
    const { declaration } = payload;
    const { detailedErrors } = this.parts.runtime.options;
    return {
      event,
      eventJson: JSON.stringify(event),
      label: record.label,
      authorization: new AuthorizationPlan(decision.requirements, decision.isPublic, (policy) =>
        this.#resolution.providerOf(policy, module),
      ),
      throttles,
      payload: declaration === undefined ? undefined : compilePayload(declaration, { detailedErrors }),
      isReported,
      hasInterceptors: hasInterceptors(record, this.parts.config),
    };
  }
}
