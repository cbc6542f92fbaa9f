import { kindOf, rowOf, type SecurityEventData, type SecurityEventFields } from '../security-event.js';

const WINDOW_MS = 1000;

/** How many events of one type and reason pass in a second. */
export interface SampledRates {
  readonly refusals: number;
  /** Each is the only record of its connection (OWASP ASVS 5.0 16.3.1), and costs a client a verified credential. */
  readonly connections: number;
}

/** How many events of a flood were left out. */
export type FloodSummary = SecurityEventFields<'ws.audit.summary'>;

/**
 * Lets so many events of one type and reason through in a second and counts the rest, so that a client which is refused in
 * a loop cannot fill a disk or push other lines out of a log (DR-24).
 */
export class EventSampler {
  readonly #passed = new Map<string, number>();
  readonly #suppressed = new Map<string, number>();
  #windowStart = -Infinity;

  constructor(private readonly rates: SampledRates) {}

  /** Whether an event passes; one that does not is counted. `now` is monotonic milliseconds. */
  admits(event: SecurityEventData, now: number): boolean {
    const { volume } = rowOf(event.type);
    const rate = volume === 'rare' ? Infinity : this.rates[volume];
    if (rate === Infinity) return true;
    if (now - this.#windowStart >= WINDOW_MS) {
      this.#windowStart = now;
      this.#passed.clear();
    }
    const kind = kindOf(event);
    const passed = this.#passed.get(kind) ?? 0;
    if (passed < rate) {
      this.#passed.set(kind, passed + 1);
      return true;
    }
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
