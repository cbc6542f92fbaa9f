import type { LoadMeter, LoadSample } from './load-meter.js';
import type { ResolvedSheddingOptions } from './shedding.options.js';

/** How often the load is looked at, in milliseconds. */
const SAMPLE_MS = 1000;

/** How many samples in a row must be too high: one long collection of garbage is no overload. */
const SAMPLES_TO_START = 2;

/** What is told when the process begins to be overloaded, and when it is calm again. */
export type LoadNews = LoadSample | { readonly durationMs: number };

/**
 * Tells when the process is overloaded (DR-18). It begins at the limits and ends well below them, or a load near a limit would
 * open and shut the door all the time.
 *
 * Times are monotonic milliseconds.
 */
export class LoadShedding {
  #sampledAt = -Infinity;
  #high = 0;
  #since: number | undefined;
  #lastHighAt = 0;

  constructor(
    private readonly options: ResolvedSheddingOptions,
    private readonly meter: LoadMeter,
    /** Must not throw. */
    private readonly onNews: (news: LoadNews) => void,
  ) {}

  /** Whether load is to be shed. */
  get isShedding(): boolean {
    return this.#since !== undefined && this.options.mode === 'enforce';
  }

  start(): void {
    if (this.options.mode !== 'off') this.meter.start();
  }

  stop(): void {
    if (this.options.mode !== 'off') this.meter.stop();
  }

  /** Looks at the load, once a second at most. Called by the coarse timer. */
  tick(now: number): void {
    if (this.options.mode === 'off' || now - this.#sampledAt < SAMPLE_MS) return;
    this.#sampledAt = now;
    const sample = this.meter.sample();
    if (this.#since === undefined) this.#judge(sample, now);
    else this.#await(sample, now, this.#since);
  }

  #judge(sample: LoadSample, now: number): void {
    this.#high = this.#isBelow(sample, 1, 1) ? 0 : this.#high + 1;
    if (this.#high < SAMPLES_TO_START) return;
    this.#since = this.#lastHighAt = now;
    this.onNews(sample);
  }

  #await(sample: LoadSample, now: number, since: number): void {
    if (!this.#isBelow(sample, 0.5, 0.9)) this.#lastHighAt = now;
    if (now - this.#lastHighAt < this.options.calmMs) return;
    this.#since = undefined;
    this.#high = 0;
    this.onNews({ durationMs: now - since });
  }

  /** What is not a number is not below: a measurement that fails counts as an overload, and is told. */
  #isBelow({ eventLoopDelayMs, heapShare }: LoadSample, ofDelay: number, ofHeap: number): boolean {
    return eventLoopDelayMs < this.options.eventLoopDelayMs * ofDelay && heapShare < this.options.heapShare * ofHeap;
  }
}
