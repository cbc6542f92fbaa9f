import { Logger } from '@nestjs/common';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { AuthorizationPlan } from '../authorization/authorization-plan.js';
import type { GatewaySettings } from '../gateway-settings.js';
import type { BootProblems } from '../internal/boot-problems.js';
import { ValidatedPayloads } from '../internal/validated-payloads.js';
import type { HandlerPlan } from '../messages/handler-plan.js';
import { WsExceptionsFilter } from '../messages/ws-exceptions.filter.js';
import type { SecureWsRuntime } from '../secure-ws.runtime.js';
import { compilePayload } from '../validation/compiled-payload.js';
import { containFilter } from './contain-filter.js';
import { checkCoverage, type CoveredHandler } from './coverage.js';
import { enhancersOf, globalPipes, hasInterceptors } from './enhancers.js';
import { addLastFilter } from './exception-filters.js';
import { addressOf, resolvePaths } from './gateway-paths.js';
import { containHooks, type GatewayHookObserver } from './gateway-hooks.js';
import { type GatewayRecord, takeInventory } from './gateway-inventory.js';
import { PolicyProviders } from './policy-providers.js';
import { SecureWsBootError } from './secure-ws-boot.error.js';
import { skipValidated } from './skip-validated.js';

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
  readonly #policies = new PolicyProviders();
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
    if (problems.problems.length > 0) throw new SecureWsBootError(problems.problems);
    this.#announceWarnings();
    for (const [address, settings] of paths) runtime.addPath(address, settings);
    for (const gateway of gateways) this.#prepareGateway(gateway);
    this.#prepareValidationPipes(gateways);
    this.#compile(handlers);
  }

  /** Makes what has to be waited for. Runs before the application is ready. */
  async finish(): Promise<void> {
    this.prepare();
    await this.#policies.prepare();
  }

  #prepareGateway(gateway: GatewayRecord): void {
    const { hooks, runtime } = this.parts;
    containHooks(gateway, hooks);
    for (const filter of new Set(enhancersOf(gateway, 'filters'))) {
      if (filter === this.#lastFilter) continue;
      containFilter(filter, (name, connectionId) => {
        runtime.events.emit({
          type: 'ws.application.failed',
          owasp: 'sys_crash',
          where: `${name}.catch`,
          ...(connectionId === undefined ? {} : { connectionId }),
        });
      });
    }
    addLastFilter(gateway, this.#lastFilter);
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
        owasp: 'sys_monitor_disabled',
        option: where,
        warning,
      });
    }
  }

  #compile(handlers: readonly CoveredHandler[]): void {
    const plans = new Map<GatewayRecord, Map<string, HandlerPlan>>();
    for (const handler of handlers) {
      const { gateway } = handler.record;
      const ofGateway = plans.get(gateway) ?? new Map<string, HandlerPlan>();
      ofGateway.set(handler.event, this.#compileHandler(handler));
      plans.set(gateway, ofGateway);
    }
    for (const [gateway, ofGateway] of plans) this.parts.runtime.setPlans(gateway, ofGateway);
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
        this.#policies.providerOf(policy, module),
      ),
      throttles,
      payload: declaration === undefined ? undefined : compilePayload(declaration, { detailedErrors }),
      isReported,
      hasInterceptors: hasInterceptors(record, this.parts.config),
    };
  }
}
