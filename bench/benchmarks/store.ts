import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { environment, type Benchmark, type BenchmarkReport } from '../measure/benchmark.js';
import { median, round } from '../measure/statistics.js';
import { table } from '../measure/table.js';
import { createRateStore } from '../orders/rate-store.js';

const SIZES = [10, 1_000, 1_000_000] as const;
const HITS = 200_000;
const GOAL_BYTES = 640;
/** The rate of handshakes of an address. */
const RULES = [{ limit: 20, ttl: 10_000 }];

interface Figures {
  readonly bytesPerKey: number;
  readonly hitMicros: number;
}

/** What the memory store holds for a key, and what a hit costs, however many keys there are. */
export const store: Benchmark = {
  name: 'store',
  summary: 'bytes that the memory store holds for a key, and CPU time of a hit, by the number of keys',
  options: [],
  async run({ rounds, count = HITS }) {
    const results = new Map<number, Figures[]>();
    for (const size of SIZES) {
      const figures: Figures[] = [];
      for (let turn = 0; turn < Math.min(rounds, 3); turn++) figures.push(await measure(size, count));
      results.set(size, figures);
    }
    return report(results, count);
  },
};

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

function report(results: ReadonlyMap<number, readonly Figures[]>, hits: number): BenchmarkReport {
  const figure = (size: number, name: keyof Figures): number =>
    median((results.get(size) ?? []).map((figures) => figures[name]));
  const most = round(figure(1_000_000, 'bytesPerKey'), 0);
  const rows = SIZES.map((size) => [
    size.toLocaleString('en'),
    figure(size, 'bytesPerKey').toFixed(0),
    figure(size, 'hitMicros').toFixed(2),
  ]);
  return {
    table: [
      table([['keys', 'bytes a key', 'microseconds a hit'], ...rows]),
      `1,000,000 keys: ${most} bytes each, goal <= ${GOAL_BYTES}: ${most <= GOAL_BYTES ? 'met' : 'missed'}`,
      `${hits} hits a round, on at most 1,000 of the keys, whose windows fill and slide.`,
    ].join('\n\n'),
    json: {
      bySize: Object.fromEntries(
        SIZES.map((size) => [
          size,
          { bytesPerKey: round(figure(size, 'bytesPerKey'), 0), hitMicros: round(figure(size, 'hitMicros'), 3) },
        ]),
      ),
      environment: { ...environment(), hits },
    },
  };
}
