import { median } from '../measure/statistics.js';

/** What is counted at one moment, by name. */
export type Sample = Readonly<Record<string, number>>;

/** What one figure did over all samples. */
export interface Growth {
  readonly name: string;
  /** Medians of the first and the last third. */
  readonly first: number;
  readonly last: number;
  /** How much it may be more. */
  readonly allowed: number;
  readonly grows: boolean;
}

/** What a heap may be more for no reason but the moment at which it is looked at. */
const HEAP_NOISE = { share: 0.05, bytes: 1_048_576 };

/** A count that is followed by a sweep may be caught before it. */
const COUNT_NOISE = { share: 0.1, count: 2 };

/** Compares the first third of the samples with the last one. @throws RangeError for fewer than three samples. */
export function growthOf(samples: readonly Sample[]): readonly Growth[] {
  if (samples.length < 3) throw new RangeError('Growth is seen over three samples at least.');
  const third = Math.floor(samples.length / 3);
  return Object.keys(samples[0] ?? {}).map((name) => {
    const of = (some: readonly Sample[]): number => median(some.map((sample) => sample[name] ?? NaN));
    const first = of(samples.slice(0, third));
    const last = of(samples.slice(-third));
    const allowed = name.endsWith('Bytes')
      ? Math.max(HEAP_NOISE.bytes, first * HEAP_NOISE.share)
      : Math.max(COUNT_NOISE.count, first * COUNT_NOISE.share);
    // A figure that is not there any more must not pass as one that stays.
    return { name, first, last, allowed, grows: !(last - first <= allowed) };
  });
}
