import type { Clock } from '../core/clock.js';
import type { SecurityEventData, SecurityEventType } from '../events/security-event.js';
import type { ActiveAlert } from './active-alert.js';
import { AlertReports } from './alert-reports.js';
import type { ResolvedAlertRule } from './alert-rule.js';
import type { ResolvedAlertsOptions } from './alerts.options.js';
import { RaisedAlerts } from './raised-alerts.js';
import { AbsenceWatch } from './watches/absence.watch.js';
import type { AlertWatch } from './watches/alert-watch.js';
import { FirstSeenWatch } from './watches/first-seen.watch.js';
import { ManyNetworksWatch } from './watches/many-networks.watch.js';
import { RatioWatch } from './watches/ratio.watch.js';
import { SpikeWatch } from './watches/spike.watch.js';
import { ThresholdWatch } from './watches/threshold.watch.js';

/** How often the time is looked at, in milliseconds. */
const TICK_MS = 1000;

/** Holds the rules of the `alerts` options against the security events of this node. */
export class SecureWsAlerts {
  readonly #watches: readonly AlertWatch[];
  readonly #byType = new Map<SecurityEventType, AlertWatch[]>();
  #nextTickAt = 0;
  #isClosed = false;

  /** @internal */
  constructor(
    options: ResolvedAlertsOptions | undefined,
    private readonly clock: Clock,
    emit: (data: SecurityEventData) => void,
  ) {
    const { rules = [], maxKeys = 0 } = options ?? {};
    const now = clock.monotonic();
    this.#watches = rules.map((rule) =>
      watchOf(rule, new RaisedAlerts(new AlertReports(rule, clock, emit)), maxKeys, now),
    );
    for (const watch of this.#watches) {
      for (const type of watch.types) {
        const watches = this.#byType.get(type);
        if (watches === undefined) this.#byType.set(type, [watch]);
        else watches.push(watch);
      }
    }
  }

  /** The alerts that are under way, rule by rule. Keys of principals are not hashed here. */
  get active(): readonly ActiveAlert[] {
    return this.#watches.flatMap(({ alerts }) => alerts.active);
  }

  /** @internal Takes an event as a check reported it. */
  observe(data: SecurityEventData): void {
    const watches = this.#byType.get(data.type);
    if (watches === undefined || this.#isClosed) return;
    const now = this.clock.monotonic();
    for (const watch of watches) watch.take(data, now);
  }

  /** @internal Looks at the time: ends alerts, learns, and misses what has not come. Called from the coarse timer. */
  tick(now: number): void {
    if (now < this.#nextTickAt || this.#isClosed) return;
    this.#nextTickAt = now + TICK_MS;
    for (const watch of this.#watches) {
      watch.tick?.(now);
      watch.alerts.tick(now);
    }
  }

  /**
   * @internal Ends the alerts that are under way, and watches nothing from then on: alerts are about this process, and whoever was
   * told of one would wait for its end for ever.
   */
  close(): void {
    this.#isClosed = true;
    for (const { alerts } of this.#watches) alerts.close();
  }
}

function watchOf(rule: ResolvedAlertRule, alerts: RaisedAlerts, maxKeys: number, now: number): AlertWatch {
  switch (rule.kind) {
    case 'threshold':
      return new ThresholdWatch(rule, alerts, maxKeys);
    case 'spike':
      return new SpikeWatch(rule, alerts, now);
    case 'ratio':
      return new RatioWatch(rule, alerts);
    case 'absence':
      return new AbsenceWatch(rule, alerts);
    case 'first-seen':
      return new FirstSeenWatch(rule, alerts, maxKeys, now);
    case 'many-networks':
      return new ManyNetworksWatch(rule, alerts, maxKeys);
  }
}
