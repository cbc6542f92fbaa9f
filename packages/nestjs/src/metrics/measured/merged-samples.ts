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

/**
 * The lines of a metric, over several applications: one for each series, whoever counts in it.
 *
 * @param others lines that are merged with them.
 */
export function linesOf(
  key: MetricKey,
  sources: Iterable<MetricSource>,
  others: readonly MetricLine[] = [],
): readonly MetricLine[] {
  const merge = MERGE[familyOf(key).merge ?? 'sum'];
  const lines = new Map<string, MetricLine>();
  const add = (line: MetricLine): void => {
    const id = JSON.stringify([line.suffix, line.labels]);
    const known = lines.get(id);
    lines.set(id, known === undefined ? line : { ...line, value: merge(known.value, line.value) });
  };
  for (const source of sources) {
    for (const { labels, value } of METRIC_COLLECTORS[key](source)) {
      if (typeof value === 'number') add({ suffix: '', labels, value });
      else partsOf(labels, value).forEach(add);
    }
  }
  others.forEach(add);
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
