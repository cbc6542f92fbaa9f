import { METRIC_COLLECTORS, type MetricSource } from './collect-metrics.js';
import { DURATION_BOUNDS, type DurationHistogram } from './histogram.js';
import { familyOf, type MetricKey, type MetricMerge } from './metric-families.js';

/** One line of an exposition. */
export interface MetricLine {
  /** The name of the metric, and for the parts of a histogram what comes after it. */
  readonly suffix: '' | '_bucket' | '_sum' | '_count';
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const MERGE: Readonly<Record<MetricMerge, (left: number, right: number) => number>> = Object.freeze({
  sum: (left: number, right: number) => left + right,
  min: Math.min,
  max: Math.max,
});

/** The lines of a metric, over every application that shares the registry: one for each series, whoever counts in it. */
export function linesOf(key: MetricKey, sources: Iterable<MetricSource>): readonly MetricLine[] {
  const merge = MERGE[familyOf(key).merge ?? 'sum'];
  const lines = new Map<string, MetricLine>();
  for (const source of sources) {
    for (const { labels, value } of METRIC_COLLECTORS[key](source)) {
      const parts = typeof value === 'number' ? [{ suffix: '', labels, value } as const] : partsOf(labels, value);
      for (const part of parts) {
        const id = JSON.stringify([part.suffix, part.labels]);
        const known = lines.get(id);
        lines.set(id, known === undefined ? part : { ...part, value: merge(known.value, part.value) });
      }
    }
  }
  return [...lines.values()];
}

function partsOf(labels: MetricLine['labels'], histogram: DurationHistogram): readonly MetricLine[] {
  const { cumulative, sum } = histogram;
  const buckets = cumulative.map((value, index): MetricLine => {
    const le = index < DURATION_BOUNDS.length ? String(DURATION_BOUNDS[index]) : '+Inf';
    return { suffix: '_bucket', labels: { ...labels, le }, value };
  });
  return [
    ...buckets,
    { suffix: '_sum', labels, value: sum },
    { suffix: '_count', labels, value: cumulative.at(-1) ?? 0 },
  ];
}
