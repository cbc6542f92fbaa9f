import type { SecurityEventData } from '../../events/security-event.js';
import type { ResolvedAlertRule } from '../alert-rule.js';
import { KeyTable } from '../key-table.js';
import type { RaisedAlerts } from '../raised-alerts.js';
import type { AlertWatch } from './alert-watch.js';
import { matchOf } from './event-match.js';
import { networkOf, principalOf } from './event-subject.js';
import { type AlertedKey, raiseForKey } from './keyed-alert.js';

/** How many networks of one principal are remembered: as many as a limit may be. */
export const MAX_NETWORKS = 64;

/** The networks of one principal, the one that was seen last at the end. */
class Networks implements AlertedKey {
  lastAt = 0;
  isPinned = false;
  isFurther = false;
  readonly #seenAt = new Map<string, number>();

  constructor(
    readonly key: string,
    private readonly windowMs: number,
  ) {}

  /** How many networks there are in the window. */
  used(now: number): number {
    for (const [network, seenAt] of this.#seenAt) {
      if (now - seenAt < this.windowMs) break;
      this.#seenAt.delete(network);
    }
    return this.#seenAt.size;
  }

  /** Adds a network. @returns how many there are now. */
  add(network: string, now: number): number {
    this.#seenAt.delete(network);
    this.#seenAt.set(network, now);
    if (this.#seenAt.size > MAX_NETWORKS) {
      const [oldest] = this.#seenAt.keys();
      this.#seenAt.delete(oldest as string);
    }
    return this.used(now);
  }
}

/** One principal in too many networks within a window: a credential that others have as well. */
export class ManyNetworksWatch implements AlertWatch {
  readonly types: AlertWatch['types'];
  readonly #matches: ReturnType<typeof matchOf>;
  readonly #principals: KeyTable<Networks>;

  constructor(
    private readonly rule: ResolvedAlertRule,
    readonly alerts: RaisedAlerts,
    maxKeys: number,
  ) {
    this.types = rule.types;
    this.#matches = matchOf(rule);
    this.#principals = new KeyTable(maxKeys, (key) => new Networks(key, rule.windowMs));
  }

  take(data: SecurityEventData, now: number): void {
    if (!this.#matches(data)) return;
    const principal = principalOf(data);
    const network = networkOf(data);
    if (principal === undefined || network === undefined) return;
    const entry = this.#principals.take(principal, now);
    if (entry === undefined) return;
    const value = entry.add(network, now);
    if (value < this.rule.limit) entry.isFurther = false;
    else if (!this.alerts.touch(principal, value)) raiseForKey(entry, { principal }, this.alerts);
  }
}
