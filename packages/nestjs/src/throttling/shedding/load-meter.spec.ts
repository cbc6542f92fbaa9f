import { describe, expect, it, onTestFinished } from 'vitest';
import { CalmLoadMeter, loadOf, ProcessLoadMeter } from './load-meter.js';

const HEAP = { used_heap_size: 30, heap_size_limit: 120 };

describe('loadOf', () => {
  it.each<readonly [meanMs: number, eventLoopDelayMs: number]>([
    [100, 0],
    // A timer may also come early.
    [99, 0],
    [100.4, 0],
    [100.6, 1],
    [350, 250],
    // Nothing was measured.
    [NaN, 0],
  ])('DR-18 takes %s ms between two looks at the event loop for %s ms late', (meanMs, eventLoopDelayMs) => {
    expect(loadOf(meanMs * 1e6, HEAP)).toEqual({ eventLoopDelayMs, heapShare: 0.25 });
  });
});

describe('ProcessLoadMeter', () => {
  it('DR-18 measures no delay before its start and after its end', () => {
    const meter = new ProcessLoadMeter();
    const delays = [meter.sample().eventLoopDelayMs];
    meter.start();
    meter.stop();
    delays.push(meter.sample().eventLoopDelayMs);
    expect(delays).toEqual([0, 0]);
  });

  it('DR-18 measures what was late since the last sample, and nothing of before', async () => {
    const meter = new ProcessLoadMeter();
    onTestFinished(() => {
      meter.stop();
    });
    meter.start();
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    let late = 0;
    while (late === 0) {
      // The first look after a sample has nothing to be late by.
      for (let looks = 0; looks < 3; looks++) {
        Atomics.wait(sleeper, 0, 0, 50);
        await new Promise((resolve) => setImmediate(resolve));
      }
      late = meter.sample().eventLoopDelayMs;
    }
    // At the same moment: nobody has looked at the event loop since.
    expect(meter.sample().eventLoopDelayMs).toBe(0);
  });
});

describe('CalmLoadMeter', () => {
  it('DR-18 measures nothing', () => {
    const meter = new CalmLoadMeter();
    meter.start();
    expect(meter.sample()).toEqual({ eventLoopDelayMs: 0, heapShare: 0 });
    meter.stop();
  });
});
