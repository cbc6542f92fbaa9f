import { addressKey } from '../../core/address-key.js';
import { causedBy } from '../event-cause.js';
import { kindOf, rowOf, type SecurityEventData, type SecurityEventFields } from '../security-event.js';
import { FloodBudget } from './flood-budget.js';

/** How much of floods passes. */
export interface SampledRates {
  /** How many refusals of one type and reason in a second. */
  readonly refusals: number;
  /** How many connections of clients without an identity that open, and that close for one reason, in a second. */
  readonly connections: number;
  /** How many of all types in an hour. */
  readonly perHour: number;
}

/** How many events of a flood were left out. */
export type FloodSummary = SecurityEventFields<'ws.audit.summary'>;

/**
 * Lets so much of a flood through and counts the rest, so that a client which is refused in a loop cannot fill a disk, age
 * its files or push other lines out of a log (DR-24). What strangers cause and what users cause is counted apart.
 *
 * Connections of users all pass: each is the only record of who came in (OWASP ASVS 5.0 16.3.1), and the limits of a
 * principal bound them.
 */
export class EventSampler {
  readonly #strangers: FloodBudget;
  readonly #users: FloodBudget;
  readonly #suppressed = new Map<string, number>();

  constructor(private readonly rates: SampledRates) {
    this.#strangers = new FloodBudget(rates.perHour);
    this.#users = new FloodBudget(rates.perHour);
  }

  /** Whether an event passes; one that does not is counted. `now` is monotonic milliseconds. */
  admits(event: SecurityEventData, now: number): boolean {
    const { volume } = rowOf(event.type);
    if (volume === 'rare') return true;
    const cause = causedBy(event);
    if (volume === 'connections' && cause !== 'stranger') return true;
    const rate = this.rates[volume];
    if (rate === Infinity) return true;
    const kind = kindOf(event);
    const budget = cause === 'stranger' ? this.#strangers : this.#users;
    if (budget.take(kind, rate, () => sourceOf(event, cause === 'stranger'), now)) return true;
    this.#suppressed.set(kind, (this.#suppressed.get(kind) ?? 0) + 1);
    return false;
  }

  /** What was suppressed since the last summary, or `undefined`. Starts counting from zero. */
  takeSummary(): FloodSummary | undefined {
    if (this.#suppressed.size === 0) return undefined;
    const summary = summaryOf(this.#suppressed);
    this.#suppressed.clear();
    return summary;
  }
}

/** Whom an event is charged to. Those that do not say it are of one source. */
function sourceOf(event: SecurityEventData, isOfStranger: boolean): string {
  const { address, principal }: { address?: string; principal?: string } = event as object;
  if (!isOfStranger && principal !== undefined) return principal;
  return address === undefined ? '' : addressKey(address);
}

/** What several sinks were spared of the same events, as one: of each kind as much as the one that was spared most of it. */
export function joinSummaries(summaries: readonly FloodSummary[]): FloodSummary {
  const most = new Map<string, number>();
  for (const { suppressed } of summaries) {
    for (const [kind, count] of Object.entries(suppressed)) most.set(kind, Math.max(count, most.get(kind) ?? 0));
  }
  return summaryOf(most);
}

function summaryOf(counts: ReadonlyMap<string, number>): FloodSummary {
  const suppressed = Object.freeze(Object.fromEntries(counts));
  return { suppressed, total: [...counts.values()].reduce((sum, count) => sum + count, 0) };
}
