import { describe, expect, it } from 'vitest';
import { readerOf } from '../../../../../test/support/stub-pipeline.js';
import { CalmLoadMeter, type LoadSample, ProcessLoadMeter } from './load-meter.js';
import { type LoadNews, LoadShedding } from './load-shedding.js';
import { resolveSheddingOptions, type SheddingOptions } from './shedding.options.js';

const CALM: LoadSample = { eventLoopDelayMs: 0, heapShare: 0.1 };
const BUSY: LoadSample = { eventLoopDelayMs: 250, heapShare: 0.1 };
const FULL: LoadSample = { eventLoopDelayMs: 0, heapShare: 0.9 };
const HALF: LoadSample = { eventLoopDelayMs: 125, heapShare: 0.1 };

/** A process whose load is one sample a second, with what was shed at the end of each. */
function run(samples: readonly LoadSample[], options: SheddingOptions = {}) {
  let next: LoadSample = CALM;
  class Meter extends CalmLoadMeter {
    override sample(): LoadSample {
      return next;
    }
  }
  const news: LoadNews[] = [];
  const resolved = resolveSheddingOptions(readerOf(options, 'shedding'));
  const shedding = new LoadShedding(resolved, new Meter(), (each) => void news.push(each));
  const states = samples.map((sample, second) => {
    next = sample;
    for (let ms = 0; ms < 1000; ms += 250) shedding.tick(second * 1000 + ms);
    return shedding.isShedding;
  });
  return { states, news };
}

const times = (n: number, sample: LoadSample): LoadSample[] => new Array<LoadSample>(n).fill(sample);

describe('LoadShedding', () => {
  it.each<readonly [what: string, samples: readonly LoadSample[], shed: number]>([
    ['calm', times(5, CALM), 0],
    ['just below the limits', times(5, { eventLoopDelayMs: 249, heapShare: 0.899 }), 0],
    ['one long pause', [BUSY, CALM, BUSY, CALM, BUSY], 0],
    ['two late seconds', [CALM, BUSY, BUSY], 1],
    ['two seconds with a full heap', [CALM, FULL, FULL], 1],
    ['one of each', [CALM, FULL, BUSY], 1],
    ['a delay that is no number', times(2, { eventLoopDelayMs: NaN, heapShare: 0 }), 1],
    ['a heap that is no number', times(2, { eventLoopDelayMs: 0, heapShare: NaN }), 1],
    ['nothing measured', times(2, {} as LoadSample), 1],
  ])('DR-18 begins after two seconds above a limit: %s', (_what, samples, shed) => {
    const { states, news } = run(samples);
    expect(states.filter(Boolean)).toHaveLength(shed);
    expect(news).toHaveLength(shed);
  });

  it('DR-18 ends after a calm time, and a load around the limit does not switch it on and off', () => {
    const { states, news } = run([...times(2, BUSY), ...times(20, HALF), ...times(4, CALM), HALF, ...times(6, CALM)]);
    expect(states.indexOf(false, 1)).toBe(31);
    expect(news).toEqual([BUSY, { durationMs: 30_000 }]);
  });

  it('DR-18 begins and ends again', () => {
    const cycle = [...times(2, BUSY), ...times(6, CALM)];
    expect(run([...cycle, ...cycle]).news).toHaveLength(4);
  });

  it('DR-18 takes two seconds above a limit each time', () => {
    const { states, news } = run([...times(2, BUSY), ...times(5, CALM), BUSY, CALM, BUSY, CALM]);
    expect(states.slice(-5)).toEqual(new Array(5).fill(false));
    expect(news).toHaveLength(2);
  });

  it.each<readonly [mode: 'report' | 'off', news: number]>([
    ['report', 1],
    ['off', 0],
  ])('DR-18 sheds nothing where it is "%s"', (mode, news) => {
    const found = run(times(5, BUSY), { mode });
    expect(found.states).not.toContain(true);
    expect(found.news).toHaveLength(news);
  });
});

describe('ProcessLoadMeter', () => {
  it('DR-18 measures numbers before, while and after it runs', () => {
    const meter = new ProcessLoadMeter();
    const samples = [meter.sample()];
    meter.start();
    samples.push(meter.sample());
    meter.stop();
    meter.stop();
    samples.push(meter.sample());
    for (const { eventLoopDelayMs, heapShare } of samples) {
      expect(eventLoopDelayMs).toBeGreaterThanOrEqual(0);
      expect(heapShare).toBeGreaterThan(0);
      expect(heapShare).toBeLessThan(1);
    }
  });

  it.each<[SheddingOptions, string[]]>([
    [{}, ['start', 'stop']],
    [{ mode: 'report' }, ['start', 'stop']],
    [{ mode: 'off' }, []],
  ])('DR-18 measures only where somebody asks: %j', (options, expected) => {
    const calls: string[] = [];
    class Meter extends CalmLoadMeter {
      override start(): void {
        calls.push('start');
      }
      override stop(): void {
        calls.push('stop');
      }
    }
    const resolved = resolveSheddingOptions(readerOf(options, 'shedding'));
    const shedding = new LoadShedding(resolved, new Meter(), () => {});
    shedding.start();
    shedding.stop();
    expect(calls).toEqual(expected);
  });
});
