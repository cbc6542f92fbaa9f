/** Middle value; of an even number of values the mean of the middle two. @throws RangeError without values. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('A median needs at least one value.');
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[(sorted.length >> 1) - 1] ?? NaN) + upper) / 2;
}

/** The smallest value that a share of all values is not above. @throws RangeError without values. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('A percentile needs at least one value.');
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * share) - 1] ?? NaN;
}

/**
 * The median over the rounds of `subject / baseline`.
 *
 * Both values of a round were measured seconds apart: what slowed the machine then slowed both, and cancels out.
 *
 * @throws RangeError when the two lists do not hold the same rounds.
 */
export function pairedRatio(subject: readonly number[], baseline: readonly number[]): number {
  if (subject.length !== baseline.length) throw new RangeError('A ratio needs both values of every round.');
  return round(median(subject.map((value, index) => value / (baseline[index] ?? NaN))), 3);
}

/** The median over the rounds of `subject - baseline`. @throws RangeError when the two lists do not hold the same rounds. */
export function pairedDifference(subject: readonly number[], baseline: readonly number[]): number {
  if (subject.length !== baseline.length) throw new RangeError('A difference needs both values of every round.');
  return median(subject.map((value, index) => value - (baseline[index] ?? NaN)));
}

/** Rounds to a number of decimals. */
export function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
