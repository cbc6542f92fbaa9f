import type { WsAuthenticator } from './authentication/authenticator.js';
import type { GatewayRecord } from './boot/gateway-inventory.js';
import { SecurityEvents } from './events/security-events.js';
import { WsHandshakeGuard } from './handshake/ws-handshake.guard.js';
import type { Clock } from './internal/clock.js';
import { CoarseTimer } from './lifecycle/coarse-timer.js';
import { WsConnectionLifecycleService } from './lifecycle/ws-connection-lifecycle.service.js';
import type { HandlerPlan } from './messages/handler-plan.js';
import { PipelineEngine } from './messages/pipeline-engine.js';
import type { ResolvedSecureWsOptions } from './resolve-options.js';

const NO_PLANS: ReadonlyMap<string, HandlerPlan> = new Map();

/** The parts that one application's connections share, put together once. */
export class SecureWsRuntime {
  readonly events: SecurityEvents;
  readonly timer: CoarseTimer;
  readonly lifecycle: WsConnectionLifecycleService;
  readonly engine: PipelineEngine;
  readonly guard: WsHandshakeGuard;
  #hasStarted = false;
  readonly #plans = new Map<GatewayRecord, ReadonlyMap<string, HandlerPlan>>();

  constructor(
    readonly options: ResolvedSecureWsOptions,
    authenticators: readonly WsAuthenticator[],
    readonly clock: Clock,
  ) {
    this.events = new SecurityEvents(clock, options.events.sinks);
    this.timer = new CoarseTimer(clock);
    this.lifecycle = new WsConnectionLifecycleService(this.timer, clock, options.lifecycle);
    this.engine = new PipelineEngine(
      clock,
      this.events,
      options.messages,
      options.throttling,
      options.validation,
      options.detailedErrors,
      options.authorization.policyTimeoutMs,
    );
    this.timer.onTick((now) => {
      this.engine.expire(now);
    });
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
