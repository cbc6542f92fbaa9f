import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics, type HeapInfo } from 'node:v8';

/** How loaded the process is. */
export interface LoadSample {
  /** How late the event loop came to its work, in milliseconds, on average since the last sample. */
  readonly eventLoopDelayMs: number;
  /** How much of the heap that V8 allows is in use, 0 to 1. */
  readonly heapShare: number;
}

/**
 * Measures how loaded the process is, for `throttling.shedding`. A provider, so that a test can say what it measures.
 *
 * Asked once a second, whatever the number of connections.
 */
export abstract class LoadMeter {
  /** The application takes connections from now on. */
  abstract start(): void;

  /** The application has closed. */
  abstract stop(): void;

  /** What was measured since the last call. */
  abstract sample(): LoadSample;
}

/**
 * How often the event loop is looked at, in milliseconds: ten times in a sample. Each look wakes up a process that has nothing to
 * do: 20 ms cost 0.2 % of a core, 100 ms a quarter of that.
 */
const RESOLUTION_MS = 100;

/** What Node knows of its own process. */
export class ProcessLoadMeter extends LoadMeter {
  #delays: IntervalHistogram | undefined;

  override start(): void {
    // Its timer keeps no process alive.
    this.#delays ??= monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.#delays.enable();
  }

  override stop(): void {
    this.#delays?.disable();
    this.#delays = undefined;
  }

  override sample(): LoadSample {
    const mean = this.#delays?.mean ?? NaN;
    this.#delays?.reset();
    return loadOf(mean, getHeapStatistics());
  }
}

/**
 * Makes a sample of what Node measures.
 *
 * @param meanNs the time between two looks at the event loop, in nanoseconds; NaN without a measurement.
 */
export function loadOf(meanNs: number, heap: Pick<HeapInfo, 'used_heap_size' | 'heap_size_limit'>): LoadSample {
  const delayMs = Number.isNaN(meanNs) ? 0 : Math.max(0, meanNs / 1e6 - RESOLUTION_MS);
  return { eventLoopDelayMs: Math.round(delayMs), heapShare: heap.used_heap_size / heap.heap_size_limit };
}

/** Always calm: for tests, whose machine may be as busy as it likes. */
export class CalmLoadMeter extends LoadMeter {
  override start(): void {}

  override stop(): void {}

  override sample(): LoadSample {
    return { eventLoopDelayMs: 0, heapShare: 0 };
  }
}
