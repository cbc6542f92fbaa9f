import { environment, type Benchmark, type BenchmarkReport, type BenchmarkSettings } from '../measure/benchmark.js';
import { ServerProcess } from '../measure/server-process.js';
import { round } from '../measure/statistics.js';
import { table } from '../measure/table.js';
import { growthOf, type Growth, type Sample } from '../soak/growth.js';
import { visit } from '../soak/visitor.js';

const MINUTES = 60;

/** How many visits are under way at a time. */
const VISITORS = 10;

/** Samples in all. The first tenth of the time fills caches and pools that stay, and the windows of limits. */
const SAMPLES = 18;
const WARM_UP_SHARE = 0.1;

/** Longer than a window of the limits that the server counts: what they keep at a sample is of the load before it alone. */
const LEAST_WARM_UP_MS = 15_000;

/** Connects, talks, is refused and leaves, for a long time: nothing may grow. */
export const soak: Benchmark = {
  name: 'soak',
  summary: 'people come, talk, are refused and leave, for an hour: ends with 1 where anything grows',
  options: ['minutes'],
  rounds: 1,
  async run(settings) {
    const server = await ServerProcess.start('secure-ws-soak', { countTimers: true });
    try {
      return await observe(server, settings);
    } finally {
      await server.stop();
    }
  },
};

async function observe(server: ServerProcess, settings: BenchmarkSettings): Promise<BenchmarkReport> {
  const minutes = settings.minutes ?? MINUTES;
  const totalMs = minutes * 60_000;
  const warmUpMs = Math.max(LEAST_WARM_UP_MS, totalMs * WARM_UP_SHARE);
  let visits = await load(server.port, warmUpMs, 0);
  const samples: Sample[] = [];
  while (samples.length < SAMPLES) {
    visits = await load(server.port, Math.max(1000, (totalMs - warmUpMs) / SAMPLES), visits);
    samples.push(await sampleOf(server));
  }
  return report(growthOf(samples), { minutes, visits, samples: samples.length });
}

/** @returns how many visits there have been. */
async function load(port: number, durationMs: number, done: number): Promise<number> {
  const end = performance.now() + durationMs;
  let turn = done;
  const visitor = async (): Promise<void> => {
    while (performance.now() < end) await visit(port, turn++);
  };
  await Promise.all(Array.from({ length: VISITORS }, visitor));
  return turn;
}

/** Everybody has left; what the server has not noticed yet is given a moment. */
async function sampleOf(server: ServerProcess): Promise<Sample> {
  for (;;) {
    const { memoryBytes, handles, timers, sizes } = await server.usage(true);
    const open = sizes['connections'] ?? 0;
    if (open === 0) return { memoryBytes, handles, timers, ...sizes };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function report(growth: readonly Growth[], setup: Readonly<Record<string, number>>): BenchmarkReport {
  const growing = growth.filter(({ grows }) => grows).map(({ name }) => name);
  const rows = growth.map(({ name, first, last, allowed, grows }) => [
    name,
    ...[first, last, allowed].map((value) => value.toFixed(0)),
    grows ? 'GROWS' : '',
  ]);
  return {
    table: [
      table([['while nobody is there', 'first third', 'last third', 'may be more', ''], ...rows]),
      `${setup['minutes']} minutes, ${setup['visits']} visits, ${setup['samples']} samples: ` +
        (growing.length === 0 ? 'nothing grows.' : `${growing.join(', ')} grow.`),
    ].join('\n\n'),
    json: {
      growing,
      figures: Object.fromEntries(growth.map(({ name, first, last }) => [name, [round(first, 0), round(last, 0)]])),
      environment: { ...environment(), ...setup },
    },
    isFailed: growing.length > 0,
  };
}
