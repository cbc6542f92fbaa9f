import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { environment, type Benchmark, type BenchmarkReport } from '../measure/benchmark.js';
import { median, round } from '../measure/statistics.js';
import { table } from '../measure/table.js';
import { createRateStore } from '../orders/rate-store.js';

const SIZES = [1_000, 1_000_000] as const;
/** How many hits a window holds while one more is counted. */
const FILLINGS = [1, 100, 10_000, 1_000_000] as const;
const HITS = 200_000;
const GOAL_BYTES = 640;
/** The rate of handshakes of an address. */
const RULES = [{ limit: 20, ttl: 10_000 }];

interface Figures {
  readonly bytesPerKey: number;
  readonly hitMicros: number;
}

/** What the memory store holds for a key, and what a hit costs: by the number of keys, and by what the window holds. */
export const store: Benchmark = {
  name: 'store',
  summary:
    'bytes that the memory store holds for a key, and CPU time of a hit, by the number of keys and by what a window holds',
  options: [],
  async run({ rounds, count = HITS }) {
    const results = new Map<number, Figures[]>();
    for (const size of SIZES) {
      const figures: Figures[] = [];
      for (let turn = 0; turn < Math.min(rounds, 3); turn++) figures.push(await measure(size, count));
      results.set(size, figures);
    }
    const windows = new Map<number, number[]>(FILLINGS.map((filling) => [filling, []]));
    for (let turn = 0; turn < rounds; turn++) {
      for (const [filling, figures] of windows) figures.push(await hitInFilledWindow(filling, count));
    }
    return report(results, windows, count);
  },
};

/** CPU microseconds of a hit on one key whose window holds `filling` others: with each hit that comes, one leaves. */
async function hitInFilledWindow(filling: number, hits: number): Promise<number> {
  let now = 0;
  const ttl = 10_000;
  const step = ttl / filling;
  const subject = await createRateStore({ monotonic: () => now }, 1000);
  const rules = [{ limit: filling * 2, ttl }];
  for (let hit = 0; hit < filling * 2; hit++, now += step) subject.hit('address:10.0.0.1', rules);
  const started = process.cpuUsage();
  for (let hit = 0; hit < hits; hit++, now += step) subject.hit('address:10.0.0.1', rules);
  const { user, system } = process.cpuUsage(started);
  return (user + system) / hits;
}

async function measure(keys: number, hits: number): Promise<Figures> {
  let now = 0;
  const subject = await createRateStore({ monotonic: () => now }, Math.max(1000, keys));
  const before = heldBytes();
  for (let key = 0; key < keys; key++) subject.hit(addressOf(key), RULES);
  const bytesPerKey = (heldBytes() - before) / keys;
  const names = Array.from({ length: Math.min(keys, 1000) }, (_, index) => addressOf(index * Math.ceil(keys / 1000)));
  const started = process.cpuUsage();
  for (let hit = 0; hit < hits; hit++) {
    now += 0.05;
    subject.hit(names[hit % names.length] as string, RULES);
  }
  const { user, system } = process.cpuUsage(started);
  return { bytesPerKey, hitMicros: (user + system) / hits };
}

const addressOf = (key: number): string =>
  `address:${10 + (key >> 24)}.${(key >> 16) & 255}.${(key >> 8) & 255}.${key & 255}`;

function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function report(
  results: ReadonlyMap<number, readonly Figures[]>,
  windows: ReadonlyMap<number, readonly number[]>,
  hits: number,
): BenchmarkReport {
  const figure = (size: number, name: keyof Figures): number =>
    median((results.get(size) ?? []).map((figures) => figures[name]));
  const most = round(figure(1_000_000, 'bytesPerKey'), 0);
  const rows = SIZES.map((size) => [
    size.toLocaleString('en'),
    figure(size, 'bytesPerKey').toFixed(0),
    figure(size, 'hitMicros').toFixed(2),
  ]);
  const filled = [...windows].map(([filling, figures]) => [filling, median(figures)] as const);
  return {
    table: [
      table([['keys', 'bytes a key', 'microseconds a hit'], ...rows]),
      `1,000,000 keys: ${most} bytes each, goal <= ${GOAL_BYTES}: ${most <= GOAL_BYTES ? 'met' : 'missed'}`,
      `${hits} hits a round, on at most 1,000 of the keys, whose windows fill and slide.`,
      table([
        ['hits in the window', 'microseconds a hit'],
        ...filled.map(([filling, micros]) => [filling.toLocaleString('en'), micros.toFixed(2)]),
      ]),
    ].join('\n\n'),
    json: {
      bySize: Object.fromEntries(
        SIZES.map((size) => [
          size,
          { bytesPerKey: round(figure(size, 'bytesPerKey'), 0), hitMicros: round(figure(size, 'hitMicros'), 3) },
        ]),
      ),
      hitMicrosByFilling: Object.fromEntries(filled.map(([filling, micros]) => [filling, round(micros, 3)])),
      environment: { ...environment(), hits },
    },
  };
}
