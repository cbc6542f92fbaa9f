import { environment, type Benchmark, type BenchmarkReport, type BenchmarkSettings } from '../measure/benchmark.js';
import { LoadConnection } from '../measure/load-connection.js';
import type { ServerProcess } from '../measure/server-process.js';
import { median, round } from '../measure/statistics.js';
import { table } from '../measure/table.js';
import { withServers } from '../measure/with-servers.js';
import { traderToken } from '../orders/identity.js';

const CONNECTIONS = 1_000;
const OPENED_AT_ONCE = 50;
const GOAL_BYTES = 2_048;

const SERVERS = [
  { name: 'raw-ws', what: 'raw ws' },
  { name: 'bare-nest', what: 'bare Nest gateway on WsAdapter' },
  { name: 'secure-ws', what: '@secure-ws/nestjs' },
] as const;

/** What a server holds for a connection that is open and silent. */
export const memory: Benchmark = {
  name: 'memory',
  summary: 'bytes that an idle connection holds, beside raw ws and bare Nest',
  options: [],
  run(settings) {
    const names = SERVERS.map(({ name }) => name);
    return withServers(names, (servers) => compare(servers, settings));
  },
};

async function compare(servers: readonly ServerProcess[], settings: BenchmarkSettings): Promise<BenchmarkReport> {
  const connections = settings.count ?? CONNECTIONS;
  const results = new Map(SERVERS.map(({ name }) => [name as string, [] as number[]]));
  for (let turn = -1; turn < settings.rounds; turn++) {
    for (const server of servers) {
      const bytes = await idleBytes(server, connections);
      // The first turn fills caches and pools that stay: it is not what one more connection costs.
      if (turn >= 0) results.get(server.name)?.push(bytes);
    }
  }
  return report(results, { rounds: settings.rounds, connections });
}

async function idleBytes(server: ServerProcess, count: number): Promise<number> {
  const before = await server.usage(true);
  const open = await openMany(server, count);
  const after = await server.usage(true);
  await Promise.all(open.map((connection) => connection.close()));
  return (after.memoryBytes - before.memoryBytes) / count;
}

async function openMany({ port }: ServerProcess, count: number): Promise<LoadConnection[]> {
  const target = { port, path: '/orders', headers: { Authorization: `Bearer ${traderToken()}` } };
  const open: LoadConnection[] = [];
  while (open.length < count) {
    const next = Array.from({ length: Math.min(OPENED_AT_ONCE, count - open.length) }, () =>
      LoadConnection.open(target),
    );
    open.push(...(await Promise.all(next)));
  }
  return open;
}

function report(results: Map<string, number[]>, setup: Readonly<Record<string, number>>): BenchmarkReport {
  const bytes = (name: (typeof SERVERS)[number]['name']): number => median(results.get(name) ?? []);
  const overBareNest = round(bytes('secure-ws') - bytes('bare-nest'), 0);
  const rows = SERVERS.map(({ name, what }) => [
    what,
    bytes(name).toFixed(0),
    (bytes(name) - bytes('raw-ws')).toFixed(0),
  ]);
  const verdict = overBareNest <= GOAL_BYTES ? 'met' : 'missed';
  return {
    table: [
      table([['heap and buffers of an idle connection, in bytes', 'median', 'over raw ws'], ...rows]),
      `over bare Nest: ${overBareNest} bytes, goal <= ${GOAL_BYTES}: ${verdict}`,
      `${setup['rounds']} rounds of ${setup['connections']} connections.`,
    ].join('\n\n'),
    json: {
      bytesOverBareNest: overBareNest,
      bytesPerConnection: Object.fromEntries(SERVERS.map(({ name }) => [name, round(bytes(name), 0)])),
      environment: { ...environment(), ...setup },
    },
  };
}
