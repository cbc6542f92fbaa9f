import { Inject, Injectable, Optional } from '@nestjs/common';
import { createSecretKey, randomBytes } from 'node:crypto';
import type { SecureWsAlerts } from './alerts/secure-ws-alerts.js';
import { startAlerts } from './alerts/start-alerts.js';
import type { AlertWebhooks } from './alerts/webhook/alert-webhooks.js';
import type { AuthenticatorBlock } from './authentication/authenticator-block.js';
import type { ResolvedAuthenticationOptions } from './authentication/authentication.options.js';
import type { WsBackChannelLogout } from './authentication/back-channel-logout/ws-back-channel-logout.js';
import type { WsSharedSignals } from './authentication/shared-signals/ws-shared-signals.js';
import { RevokedCertificates } from './authentication/client-certificate/revoked-certificates.js';
import { csrfKeysOf, WsCsrfTokens } from './authentication/csrf-tokens.js';
import { TicketVault } from './authentication/ticket/ticket-vault.js';
import { WsTicketService } from './authentication/ticket/ws-ticket.service.js';
import { SecurityEvents } from './events/security-events.js';
import { WsChallengeService } from './handshake/challenge/ws-challenge.service.js';
import type { WsChallengeVerifier } from './handshake/challenge/ws-challenge-verifier.js';
import { WsHandshakeGuard } from './handshake/ws-handshake.guard.js';
import type { Awaitable } from './core/awaitable.js';
import { Clock, SystemClock } from './core/clock.js';
import { type CompiledObserver, WsObservers } from './core/observers.js';
import { StartedParts } from './core/started-parts.js';
import { TestSetup } from './core/test-setup.js';
import type { Principal } from './core/principal.js';
import { GatewayPaths } from './gateway-paths.js';
import { defaultSettings, type GatewaySettings } from './gateway-settings.js';
import { FaultLog } from './core/fault-log.js';
import { ViolationLedger, violationSubject } from './throttling/violations/violation-ledger.js';
import { MessageThrottles } from './throttling/message-throttles.js';
import { LoadMeter } from './throttling/shedding/load-meter.js';
import { type LoadNews, LoadShedding } from './throttling/shedding/load-shedding.js';
import { reportStoreHealth } from './store/report-store-health.js';
import { ResilientStore } from './store/resilient.store.js';
import { SecureWsStore } from './store/secure-ws.store.js';
import { ConnectionHooks } from './lifecycle/hooks/connection-hooks.js';
import { WsCluster } from './cluster/ws-cluster.js';
import { CoarseTimer } from './lifecycle/coarse-timer.js';
import { longestDecisionMs } from './lifecycle/longest-decision-ms.js';
import { UnfinishedMessages } from './lifecycle/unfinished-messages.js';
import { WsConnectionLifecycleService } from './lifecycle/ws-connection-lifecycle.service.js';
import { currentRights } from './lifecycle/revalidation/current-rights.js';
import type { WsRevalidator } from './lifecycle/revalidation/ws-revalidator.js';
import { RevocationWatch } from './lifecycle/revocation/revocation-watch.js';
import { WsRevocationService } from './lifecycle/revocation/ws-revocation.service.js';
import { Outputs } from './output/outputs.js';
import { HandlerPlans } from './messages/handler-plans.js';
import { MessageEngine, type MessageParts } from './messages/message-engine.js';
import { makeNotices } from './secure-ws.notices.js';
import { observesMessages } from './messages/message-observation.js';
import { audienceOf } from './ticket-audience.js';
import { RESOLVED_OPTIONS, type ResolvedSecureWsOptions } from './resolve-options.js';

/** The parts that one application's connections share, put together once. */
@Injectable()
export class SecureWsRuntime {
  readonly events: SecurityEvents;
  readonly alerts: SecureWsAlerts;
  readonly #webhooks: AlertWebhooks;
  readonly timer: CoarseTimer;
  readonly lifecycle: WsConnectionLifecycleService;
  /** What holds for a path without `@SecureGateway`. */
  readonly defaults: GatewaySettings;
  readonly guard: WsHandshakeGuard;
  readonly faults: FaultLog;
  readonly outputs: Outputs;
  /** What the boot has compiled. */
  readonly plans = new HandlerPlans();
  readonly hooks: ConnectionHooks;
  readonly unfinished: UnfinishedMessages;
  readonly startedParts = new StartedParts();
  readonly revocationWatch: RevocationWatch;
  readonly revocations: WsRevocationService;
  readonly cluster: WsCluster;
  readonly csrfTokens: WsCsrfTokens;
  readonly revokedCertificates = new RevokedCertificates();
  readonly challenges: WsChallengeService;
  #challengeVerifier: WsChallengeVerifier | undefined;
  readonly backChannelLogout: WsBackChannelLogout;
  readonly sharedSignals: WsSharedSignals;
  /** Where tickets are kept until they are used. */
  readonly vault: TicketVault;
  readonly tickets: WsTicketService;
  /** The application's revalidator, if it has one. Set before the first handshake. */
  revalidator: WsRevalidator | undefined;
  /** The module's authenticators. None before the application has started. */
  authenticators: readonly AuthenticatorBlock[] = [];
  /** Who observes. Empty before the boot has asked. */
  observer: CompiledObserver = {};
  #hasStarted = false;
  readonly throttles: MessageThrottles;
  readonly #shedding: LoadShedding;
  readonly #parts: MessageParts;
  #defaultEngine: MessageEngine | undefined;
  readonly paths = new GatewayPaths();

  constructor(
    @Inject(RESOLVED_OPTIONS) readonly options: ResolvedSecureWsOptions,
    readonly store: SecureWsStore,
    readonly clock: Clock,
    meter: LoadMeter,
    private readonly observers: WsObservers,
    @Optional() test?: TestSetup,
  ) {
    this.faults = new FaultLog(clock);
    this.csrfTokens = new WsCsrfTokens(csrfKeysOf(options.authentication));
    const machineClock = test?.clock === undefined ? clock : new SystemClock();
    this.events = new SecurityEvents(clock, options.events.sinks, options.events, this.faults, machineClock);
    [this.alerts, this.#webhooks] = startAlerts(options.alerts, this.events, clock, machineClock, this.faults);
    reportStoreHealth(store, this.events);
    this.outputs = new Outputs(options.output, this.events, this.faults);
    const { tickets } = options.authentication;
    this.vault = new TicketVault(store, tickets?.keys ?? [createSecretKey(randomBytes(32))]);
    this.tickets = new WsTicketService({
      ...{ vault: this.vault, store, clock, events: this.events, ttlMs: tickets?.ttlMs ?? 0 },
      rate: options.handshake.limits.ratePerPrincipal,
      module: audienceOf(options.authentication, options.handshake.origins),
    });
    this.timer = new CoarseTimer(clock);
    this.lifecycle = new WsConnectionLifecycleService(this.timer, clock, options.lifecycle, this.events, this.outputs);
    this.unfinished = new UnfinishedMessages(options.throttling.shedding.maxUnfinishedBytes);
    this.hooks = new ConnectionHooks(clock, options.lifecycle.connectTimeoutMs, (where, connectionId, error) => {
      this.events.emit({ type: 'ws.application.failed', where, connectionId });
      this.faults.write(where, connectionId, error);
    });
    this.lifecycle.onDrained(() => this.hooks.settled());
    this.revocationWatch = new RevocationWatch(store, clock, longestDecisionMs(options), () => this.lifecycle.find());
    this.revocations = new WsRevocationService(store, this.revocationWatch, clock, options.store.revocationMs);
    this.cluster = new WsCluster(store.control, clock, this.lifecycle, {
      onGap: () => this.events.emit({ type: 'ws.cluster.gap' }),
      onForged: (what) => store instanceof ResilientStore && store.forgeries.note(what),
    });
    this.startedParts.add(() =>
      store.onNews((what) => (what === 'control' ? this.cluster : this.revocationWatch).hint()),
    );
    this.defaults = defaultSettings(options);
    const ledger = new ViolationLedger(store, options.throttling.violations);
    this.#shedding = new LoadShedding(options.throttling.shedding, meter, (news) => this.#tellLoad(news));
    const throttles = (this.throttles = new MessageThrottles(
      options.throttling,
      store,
      () => this.#shedding.isShedding,
    ));
    const { events, faults, outputs } = this;
    this.#parts = {
      ...{ clock, events, faults, outputs },
      ...{ throttles, ledger, policyTimeoutMs: options.authorization.policyTimeoutMs },
      detailedErrors: options.detailedErrors,
    };
    this.timer.onTick((now) => {
      this.#shedding.tick(now);
      throttles.sweep(now);
      this.guard.tick(now);
      store.tick();
      this.revocationWatch.tick(now);
      this.cluster.tick(now, store.hearsNews);
      this.alerts.tick(now);
    });
    const challengeVerifier = (): WsChallengeVerifier => {
      if (this.#challengeVerifier !== undefined) return this.#challengeVerifier;
      throw new Error(
        options.handshake.challenge === undefined
          ? 'There are no challenges: set handshake.challenge.'
          : 'There are no challenges yet: call issue() and verify() after the application has started.',
      );
    };
    this.challenges = new WsChallengeService(options.handshake, challengeVerifier, { clock, store });
    const { logout, signals } = makeNotices({
      ...{ clock, store, events, faults, lifecycle: this.lifecycle, revocations: this.revocations },
      proxies: options.handshake.proxies,
      hasRevalidator: () => this.revalidator !== undefined,
      blocks: () => [...this.authenticators, ...this.paths.authenticators],
    });
    this.backChannelLogout = logout;
    this.sharedSignals = signals;
    this.guard = new WsHandshakeGuard({
      challengeVerifier,
      rightsOf: (principal) => this.rightsOf(principal),
      onAttack: (attack) => {
        this.events.emit(
          'durationMs' in attack ? { type: 'ws.attack.ended', ...attack } : { type: 'ws.attack.started', ...attack },
        );
      },
      options: options.handshake,
      isReady: () => this.admitsHandshakes,
      isShedding: () => this.#shedding.isShedding,
      clock,
      store,
      onReplaced: (connectionId) => void this.lifecycle.disconnect({ connectionId }, 'REPLACED'),
      penalty: {
        of: (principal, addressKey) => ledger.backoffOf(violationSubject(principal, addressKey)),
        spread: (delayMs) => ledger.spread(delayMs),
      },
    });
  }

  /** As {@link currentRights}. */
  rightsOf(principal: Principal): Awaitable<Principal | undefined> {
    return currentRights(principal, this.revalidator, this.clock);
  }

  #tellLoad(news: LoadNews): void {
    const isOver = 'durationMs' in news;
    this.events.emit(isOver ? { type: 'ws.shedding.ended', ...news } : { type: 'ws.shedding.started', ...news });
  }

  /** Whether the application has started, and not ended. */
  get hasStarted(): boolean {
    return this.#hasStarted;
  }

  /** Whether handshakes are admitted: from the end of the boot to the beginning of the shutdown. */
  get admitsHandshakes(): boolean {
    const { events, lifecycle, store } = this;
    return this.#hasStarted && !lifecycle.isDraining && events.admitsHandshakes && store.admitsHandshakes;
  }

  /** Whether the process is overloaded, and sheds load. */
  get isShedding(): boolean {
    return this.#shedding.isShedding;
  }

  /** What holds for calls that come through another adapter. */
  get defaultEngine(): MessageEngine {
    return (this.#defaultEngine ??= this.#makeEngine(this.defaults));
  }

  /** Builds what follows for whoever observes. Called once, before the first path is added. */
  observe(): void {
    const observer = this.observers.compile((error) => this.faults.write('WsObserver', '', error));
    this.observer = observer;
    if (observer.beginHandshake !== undefined) this.guard.observe();
    if (observer.onStoreCall !== undefined && this.store instanceof ResilientStore) {
      this.store.observe(observer.onStoreCall);
    }
  }

  /** Notes what a `@SecureGateway` sets, for what is made for its connections before they come. */
  addGateway(gateway: object, { authentication, origins }: GatewaySettings): void {
    this.csrfTokens.addGateway(gateway, authentication);
    const { options } = this;
    const audience = audienceOf(authentication ?? options.authentication, origins ?? options.handshake.origins);
    this.tickets.addGateway(gateway, audience);
  }

  /**
   * Sets what holds for the connections of a path.
   *
   * @param maxBytes how many bytes a message may carry there beside its values.
   */
  addPath(address: string, settings: GatewaySettings, maxBytes: number): void {
    this.paths.add(address, settings, this.#makeEngine(settings, maxBytes));
  }

  /** Makes the authenticators of the module, and those that paths have of their own. Called before the first handshake. */
  async makeAuthenticators(
    make: (options: ResolvedAuthenticationOptions, endpoint?: string) => Promise<readonly AuthenticatorBlock[]>,
  ): Promise<void> {
    this.authenticators = await make(this.options.authentication);
    await this.paths.makeAuthenticators(this.authenticators, make);
  }

  /** Sets who verifies challenges. Called before the first handshake. @throws what its preparation throws. */
  async useChallengeVerifier(verifier: WsChallengeVerifier): Promise<void> {
    await verifier.prepare();
    this.#challengeVerifier = verifier;
  }

  #makeEngine(settings: GatewaySettings, maxBytes = 0): MessageEngine {
    const { lifecycle, validation, messages } = settings;
    this.timer.tolerate(
      ...[lifecycle.pingIntervalMs, lifecycle.pongTimeoutMs, lifecycle.idleTimeoutMs, lifecycle.maxLifetimeMs],
      ...[lifecycle.maxOutboundMs, validation.messageTimeoutMs, messages.handlerTimeoutMs, this.#parts.policyTimeoutMs],
    );
    const observer = observesMessages(this.observer) ? this.observer : undefined;
    const engine = new MessageEngine({ ...this.#parts, observer }, settings, maxBytes);
    this.timer.onTick((now) => engine.expire(now));
    return engine;
  }

  start(): void {
    this.#shedding.start();
    this.timer.start();
    this.#hasStarted = true;
  }

  /** Ends the timer and the store. Called when every connection is gone. */
  async stop(): Promise<void> {
    this.#hasStarted = false;
    this.startedParts.end();
    this.timer.stop();
    this.#shedding.stop();
    await this.cluster.close();
    await this.events.flush();
    // What was lost until now may have raised one. Its webhook and its listeners have their time below.
    this.alerts.close();
    // What they lose is told: the sinks are closed after them.
    await this.#webhooks.close();
    await this.events.close();
    await this.store.close();
  }
}
