import { environment, type Benchmark, type BenchmarkReport, type BenchmarkSettings } from '../measure/benchmark.js';
import { closeAll, openIdle, settledMemory } from '../measure/idle-connections.js';
import { demandOpenFiles } from '../measure/open-files.js';
import { ServerProcess } from '../measure/server-process.js';
import { median, round } from '../measure/statistics.js';
import { goalTable, table } from '../measure/table.js';
import type { LoadTarget } from '../measure/upgrade-request.js';
import { traderToken } from '../orders/identity.js';

const CONNECTIONS = 10_000;

/** Two intervals of the heartbeat, which is most of what an idle connection costs. */
const IDLE_SECONDS = 50;

/** How many are enough to see whether timers grow with connections. */
const FOR_TIMERS = 500;

const SERVERS = [
  { name: 'raw-ws', key: 'rawWs', what: 'raw ws' },
  { name: 'bare-nest', key: 'bareNest', what: 'bare Nest gateway on WsAdapter' },
  { name: 'secure-ws', key: 'secureWs', what: '@secure-ws/nestjs' },
] as const;

/** What one server did. */
interface Figures {
  readonly bytes: number;
  readonly corePercent: number;
  readonly closeMs: number;
  readonly heapBackRatio: number;
}

type Results = ReadonlyMap<string, { readonly figures: readonly Figures[]; readonly timers: number }>;

/** What a server holds and does for connections that are open and silent, and what is left when they are gone. */
export const connections: Benchmark = {
  name: 'connections',
  summary: '10,000 idle connections: bytes, timers, CPU, their end; beside raw ws and bare Nest',
  options: ['seconds'],
  rounds: 1,
  async run(settings) {
    const count = settings.count ?? CONNECTIONS;
    demandOpenFiles(count);
    const results = new Map<string, { figures: Figures[]; timers: number }>();
    for (const { name } of SERVERS) results.set(name, { figures: [], timers: await timersOf(name, count) });
    for (let turn = 0; turn < settings.rounds; turn++) {
      for (const { name } of SERVERS) results.get(name)?.figures.push(await measure(name, count, settings));
    }
    return report(results, count, settings);
  },
};

function targetOf({ port }: ServerProcess): LoadTarget {
  return { port, path: '/orders', headers: { Authorization: `Bearer ${traderToken()}` } };
}

/** In a process of its own: counting costs what the others measure. @returns how many more timers there are. */
async function timersOf(name: string, count: number): Promise<number> {
  const server = await ServerProcess.start(name, { countTimers: true });
  try {
    // These stay, since the close of a connection starts timers too.
    const first = await openIdle(targetOf(server), 10);
    const before = await lastingTimers(server);
    const more = await openIdle(targetOf(server), Math.min(count, FOR_TIMERS));
    const after = await lastingTimers(server);
    await closeAll([...first, ...more]);
    return after - before;
  } finally {
    await server.stop();
  }
}

/** Some come and go, such as that of Node for the `Date` of responses: the least of a few looks. */
async function lastingTimers(server: ServerProcess): Promise<number> {
  let least = Infinity;
  for (let look = 0; look < 5; look++) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    least = Math.min(least, (await server.usage(true)).timers);
  }
  return least;
}

async function measure(name: string, count: number, settings: BenchmarkSettings): Promise<Figures> {
  const server = await ServerProcess.start(name);
  try {
    // As many come and go before anything is measured: they fill caches and pools that stay.
    await closeAll(await openIdle(targetOf(server), count));
    const before = await settledMemory(server);
    const open = await openIdle(targetOf(server), count);
    const { memoryBytes } = await server.usage(true);
    const corePercent = await idleCorePercent(server, settings.seconds ?? IDLE_SECONDS);
    const closeMs = await closeAll(open);
    const heapBackRatio = (await settledMemory(server)) / before;
    return { bytes: (memoryBytes - before) / count, corePercent, closeMs, heapBackRatio };
  } finally {
    await server.stop();
  }
}

async function idleCorePercent(server: ServerProcess, seconds: number): Promise<number> {
  const start = performance.now();
  const before = await server.usage();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const after = await server.usage();
  return ((after.cpuMicros - before.cpuMicros) / 1000 / (performance.now() - start)) * 100;
}

function report(
  results: Results,
  count: number,
  { rounds, seconds = IDLE_SECONDS }: BenchmarkSettings,
): BenchmarkReport {
  const of = (name: string, figure: keyof Figures): number =>
    median((results.get(name)?.figures ?? []).map((figures) => figures[figure]));
  const timers = (name: string): number => results.get(name)?.timers ?? NaN;
  const bytesOverBareNest = round(of('secure-ws', 'bytes') - of('bare-nest', 'bytes'), 0);
  const idleCorePercent = round(of('secure-ws', 'corePercent'), 2);
  const heapBackRatio = round(of('secure-ws', 'heapBackRatio'), 3);
  const rows = SERVERS.map(({ name, what }) => [
    what,
    of(name, 'bytes').toFixed(0),
    String(timers(name)),
    of(name, 'corePercent').toFixed(2),
    of(name, 'closeMs').toFixed(0),
    of(name, 'heapBackRatio').toFixed(3),
  ]);
  return {
    table: [
      table([
        [`${count} idle connections`, 'bytes each', 'more timers', '% of a core', 'ms to close all', 'heap back'],
        ...rows,
      ]),
      goalTable([
        { label: 'bytes over bare Nest, for each', reached: bytesOverBareNest, goal: 0 },
        { label: 'timers for more connections', reached: timers('secure-ws'), goal: 0 },
        { label: '% of a core while idle', reached: idleCorePercent, goal: 1 },
        { label: 'heap after they left, to before', reached: heapBackRatio, goal: 1.05 },
      ]),
      `${rounds} round(s); ${seconds} s without a message, with their heartbeat.`,
    ].join('\n\n'),
    json: {
      bytesPerConnection: Object.fromEntries(SERVERS.map(({ name, key }) => [key, round(of(name, 'bytes'), 0)])),
      bytesOverBareNest,
      timers: timers('secure-ws'),
      idleCorePercent,
      heapBackRatio,
      closeAllMs: Object.fromEntries(SERVERS.map(({ name, key }) => [key, round(of(name, 'closeMs'), 0)])),
      environment: { ...environment(), connections: count, rounds, seconds },
    },
  };
}
