import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

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

/** How often the event loop is looked at, in milliseconds: what is late by less is none. */
const RESOLUTION_MS = 20;

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
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    const mean = this.#delays?.mean ?? NaN;
    this.#delays?.reset();
    // Without a measurement the mean is NaN. Each is the time between two looks, in nanoseconds.
    const delayMs = Number.isNaN(mean) ? 0 : Math.max(0, mean / 1e6 - RESOLUTION_MS);
    return { eventLoopDelayMs: Math.round(delayMs), heapShare: used / limit };
  }
}

/** Always calm: for tests, whose machine may be as busy as it likes. */
export class CalmLoadMeter extends LoadMeter {
  override start(): void {}

  override stop(): void {}

  override sample(): LoadSample {
    return { eventLoopDelayMs: 0, heapShare: 0 };
  }
}
