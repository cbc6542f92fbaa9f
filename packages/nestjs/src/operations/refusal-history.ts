import type { SecurityEventCounts } from '../events/event-counters.js';
import { rowOf, type SecurityEventType } from '../events/security-event.js';

/** How long one bucket is, in milliseconds. */
export const BUCKET_MS = 60_000;

/** How many buckets are kept: the last hour. */
export const BUCKETS = 60;

/** How many kinds are told by themselves; the others are told together. */
const MAX_SERIES = 20;

/** How often one kind of refusal was reported. */
export interface RefusalSeries {
  /** Type and reason, such as `ws.message.refused/json-syntax`; `other` for all that are told together. */
  readonly kind: string;
  readonly total: number;
  /** By minute, the oldest first. */
  readonly counts: readonly number[];
}

/** The refusals of the last hour. */
export interface RefusalFigures {
  readonly bucketMs: number;
  readonly total: number;
  /** By minute, the oldest first; the last one is the minute that runs. */
  readonly counts: readonly number[];
  /** The most frequent ones first. */
  readonly series: readonly RefusalSeries[];
}

/**
 * Counts refusals by minute, from the exact counters of the events: whatever was sampled or dropped is in them. Kinds are words
 * of closed vocabularies, so that nothing a client sends makes it grow.
 */
export class RefusalHistory {
  readonly #buckets = new Map<string, number[]>();
  #last: ReadonlyMap<string, number>;
  #minute: number;

  /** @param counts those of this moment: what was refused before is not told. @param now monotonic milliseconds. */
  constructor(counts: SecurityEventCounts, now: number) {
    this.#last = refusalsIn(counts);
    this.#minute = minuteOf(now);
  }

  /** Takes the counters of a moment. What was refused since the last one counts for the minute that runs. */
  take(counts: SecurityEventCounts, now: number): void {
    const minute = minuteOf(now);
    for (; this.#minute < minute; this.#minute++) this.#turn();
    const current = refusalsIn(counts);
    for (const [kind, total] of current) {
      const added = total - (this.#last.get(kind) ?? 0);
      if (added <= 0) continue;
      let bucket = this.#buckets.get(kind);
      if (bucket === undefined) this.#buckets.set(kind, (bucket = Array<number>(BUCKETS).fill(0)));
      bucket[BUCKETS - 1] = (bucket[BUCKETS - 1] ?? 0) + added;
    }
    this.#last = current;
  }

  /** What was refused in the last hour. */
  figures(): RefusalFigures {
    const all = [...this.#buckets]
      .map(([kind, counts]) => ({ kind, total: sum(counts), counts: [...counts] }))
      .sort((a, b) => b.total - a.total);
    const series = all.slice(0, MAX_SERIES);
    const rest = all.slice(MAX_SERIES);
    if (rest.length > 0) {
      const counts = together(rest);
      series.push({ kind: 'other', total: sum(counts), counts });
    }
    const counts = together(all);
    return { bucketMs: BUCKET_MS, total: sum(counts), counts, series };
  }

  /** A minute is over. */
  #turn(): void {
    for (const [kind, counts] of this.#buckets) {
      counts.shift();
      counts.push(0);
      if (sum(counts) === 0) this.#buckets.delete(kind);
    }
  }
}

function minuteOf(now: number): number {
  return Math.floor(now / BUCKET_MS);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

function together(series: readonly { readonly counts: readonly number[] }[]): number[] {
  return Array.from({ length: BUCKETS }, (_, index) => sum(series.map(({ counts }) => counts[index] ?? 0)));
}

/** The events by which something was refused, by type and reason. */
function refusalsIn(counts: SecurityEventCounts): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const [type, { total, reasons }] of Object.entries(counts)) {
    if (rowOf(type as SecurityEventType).volume !== 'refusals') continue;
    const kinds = Object.entries(reasons);
    if (kinds.length === 0) found.set(type, total);
    for (const [reason, count] of kinds) found.set(`${type}/${reason}`, count);
  }
  return found;
}
