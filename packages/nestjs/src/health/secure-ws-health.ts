import type { WsConnectionLifecycleService } from '../lifecycle/ws-connection-lifecycle.service.js';
import type { SecurityEvents } from '../events/security-events.js';
import type { SecureWsStore } from '../store/secure-ws.store.js';

/**
 * What is not as it should be. `booting` and `leaving` are states of every process; `store-away`: the shared store does not
 * answer; `audit`: a sink does not take events; `shedding`: the process is overloaded, and refuses new handshakes.
 */
export type SecureWsHealthProblem = 'booting' | 'leaving' | 'store-away' | 'audit' | 'shedding';

/** How an application is. */
export interface SecureWsHealthReport {
  /**
   * Whether new connections should be sent here: from the end of the boot until the application is told to leave, while the store
   * and the sinks let handshakes in. An overloaded process stays ready: where all of them are overloaded at once, a load balancer
   * without a target would make it worse.
   */
  readonly isReady: boolean;
  /** What is not as it should be, whether it keeps the application from being ready or not. */
  readonly problems: readonly SecureWsHealthProblem[];
  /** How many connections are open. */
  readonly connections: number;
}

/** What it is read from. */
interface HealthSources {
  readonly hasStarted: boolean;
  readonly isShedding: boolean;
  readonly lifecycle: Pick<WsConnectionLifecycleService, 'isLeaving' | 'count'>;
  readonly store: Pick<SecureWsStore, 'awayMs' | 'admitsHandshakes'>;
  readonly events: Pick<SecurityEvents, 'isHealthy' | 'admitsHandshakes'>;
}

/**
 * Tells how the application is, for a readiness probe: injectable, and without waiting. `SecureWsHealthIndicator` of
 * `@secure-ws/nestjs/terminus` puts it into a health check of `@nestjs/terminus`.
 *
 * Never restart a process for it (a liveness probe): it would end connections that are well.
 */
export class SecureWsHealth {
  /** @internal */
  constructor(private readonly sources: HealthSources) {}

  /** How the application is at this moment. */
  report(): SecureWsHealthReport {
    const { hasStarted, isShedding, lifecycle, store, events } = this.sources;
    const problems: SecureWsHealthProblem[] = [];
    if (!hasStarted) problems.push('booting');
    if (lifecycle.isLeaving) problems.push('leaving');
    if (store.awayMs > 0) problems.push('store-away');
    if (!events.isHealthy) problems.push('audit');
    if (isShedding) problems.push('shedding');
    const isReady = hasStarted && !lifecycle.isLeaving && store.admitsHandshakes && events.admitsHandshakes;
    return { isReady, problems, connections: lifecycle.count };
  }
}
