import type { MetricSource } from './collect-metrics.js';
import { linesOf, type MetricLine } from './merged-samples.js';
import { familyOf, METRIC_KEYS, type MetricKey } from './metric-families.js';

/**
 * Applications that are measured as one. What one of them has counted stays when it closes, as long as another one is there: a
 * counter that falls is one that began again, and whoever reads it would add up once more all that the other ones have counted.
 */
export class MeasuredTogether {
  readonly #sources = new Set<MetricSource>();
  /** What applications have counted that are closed. One row for each series: the labels are of closed lists. */
  readonly #left = new Map<MetricKey, readonly MetricLine[]>();

  add(source: MetricSource): void {
    this.#sources.add(source);
  }

  /** Measures an application no more. @returns whether it was the last one. Calling it again does nothing. */
  remove(source: MetricSource): boolean {
    if (!this.#sources.delete(source)) return false;
    if (this.#sources.size === 0) return true;
    for (const key of METRIC_KEYS) {
      if (familyOf(key).type !== 'gauge') this.#left.set(key, linesOf(key, [source], this.#left.get(key)));
    }
    return false;
  }

  /** The lines of a metric: one for each series, whoever counts in it. */
  lines(key: MetricKey): readonly MetricLine[] {
    return linesOf(key, this.#sources, this.#left.get(key));
  }
}
