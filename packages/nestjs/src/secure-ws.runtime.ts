import type { WsAuthenticator } from './authentication/authenticator.js';
import type { GatewayRecord } from './boot/gateway-inventory.js';
import { SecurityEvents } from './events/security-events.js';
import { WsHandshakeGuard } from './handshake/ws-handshake.guard.js';
import type { Clock } from './internal/clock.js';
import type { ValidatedPayloads } from './internal/validated-payloads.js';
import { defaultSettings, type GatewaySettings } from './gateway-settings.js';
import { FaultLog } from './events/fault-log.js';
import { CoarseTimer } from './lifecycle/coarse-timer.js';
import { WsConnectionLifecycleService } from './lifecycle/ws-connection-lifecycle.service.js';
import type { HandlerPlan } from './messages/handler-plan.js';
import { PipelineEngine } from './messages/pipeline-engine.js';
import type { ResolvedSecureWsOptions } from './resolve-options.js';

const NO_PLANS: ReadonlyMap<string, HandlerPlan> = new Map();

/** What the connections of one path share. */
export interface GatewayPath {
  readonly settings: GatewaySettings;
  readonly engine: PipelineEngine;
}

/** The parts that one application's connections share, put together once. */
export class SecureWsRuntime {
  readonly events: SecurityEvents;
  readonly timer: CoarseTimer;
  readonly lifecycle: WsConnectionLifecycleService;
  /** What holds for a path without `@SecureGateway`. */
  readonly defaults: GatewaySettings;
  readonly guard: WsHandshakeGuard;
  readonly faults: FaultLog;
  #hasStarted = false;
  readonly #paths = new Map<string, GatewayPath>();
  readonly #plans = new Map<GatewayRecord, ReadonlyMap<string, HandlerPlan>>();

  constructor(
    readonly options: ResolvedSecureWsOptions,
    authenticators: readonly WsAuthenticator[],
    readonly clock: Clock,
  ) {
    this.events = new SecurityEvents(clock, options.events.sinks);
    this.timer = new CoarseTimer(clock);
    this.lifecycle = new WsConnectionLifecycleService(this.timer, clock, options.lifecycle);
    this.defaults = defaultSettings(options);
    this.faults = new FaultLog();
    this.guard = new WsHandshakeGuard({
      options: options.handshake,
      authenticators,
      isReady: () => this.isReady,
      clock,
    });
  }

  /** Whether handshakes are admitted: from the end of the boot to the beginning of the shutdown. */
  get isReady(): boolean {
    return this.#hasStarted && !this.lifecycle.isDraining;
  }

  /** Sets what holds for the connections of a path. */
  addPath(address: string, settings: GatewaySettings): void {
    const { detailedErrors, authorization } = this.options;
    const engine = new PipelineEngine(
      this.clock,
      this.events,
      this.faults,
      settings,
      detailedErrors,
      authorization.policyTimeoutMs,
    );
    this.timer.onTick((now) => {
      engine.expire(now);
    });
    this.#paths.set(address, { settings, engine });
  }

  /**
   * What holds for the connections of a path.
   *
   * @throws Error for a path that the boot has not seen.
   */
  pathOf(address: string): GatewayPath {
    const path = this.#paths.get(address);
    if (path === undefined)
      throw new Error('SecureWs was asked for a path that it has not prepared. Please report this.');
    return path;
  }

  /** Lets the application's validation pipes find out what was validated here. */
  rememberValidated(validated: ValidatedPayloads): void {
    for (const { engine } of this.#paths.values()) engine.validated = validated;
  }

  /** Sets the plans of a gateway's handlers, by event. */
  setPlans(gateway: GatewayRecord, plans: ReadonlyMap<string, HandlerPlan>): void {
    this.#plans.set(gateway, plans);
  }

  /** The plans of a gateway's handlers, by event. */
  plansOf(gateway: GatewayRecord): ReadonlyMap<string, HandlerPlan> {
    return this.#plans.get(gateway) ?? NO_PLANS;
  }

  /** Admits handshakes from now on. */
  start(): void {
    this.timer.start();
    this.#hasStarted = true;
  }

  /** Ends the timer. Called when every connection is gone. */
  stop(): void {
    this.#hasStarted = false;
    this.timer.stop();
  }
}
