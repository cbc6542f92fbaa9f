import { deepStrictEqual } from 'node:assert/strict';
import { environment, type Benchmark, type BenchmarkReport, type BenchmarkSettings } from '../measure/benchmark.js';
import { LoadConnection } from '../measure/load-connection.js';
import { measureInRounds, SLICES, type Candidate } from '../measure/rounds.js';
import type { ServerProcess } from '../measure/server-process.js';
import { median, pairedRatio, round } from '../measure/statistics.js';
import { goalTable, table } from '../measure/table.js';
import { withServers } from '../measure/with-servers.js';
import { traderToken } from '../orders/identity.js';
import { orderBatch, type OrderBatch } from '../orders/order-batch.js';

const CONNECTIONS = 4;
const MESSAGES = 10_000;
const SUBJECT = 'secure-ws';

const SERVERS: readonly { readonly name: string; readonly what: string }[] = [
  { name: 'raw-ws', what: 'raw ws, JSON.parse and stringify' },
  { name: 'bare-nest', what: 'bare Nest gateway on WsAdapter' },
  { name: 'guard-and-pipe', what: 'Nest + guard + ValidationPipe' },
  { name: 'hand-wired', what: 'Nest + guard + ValidationPipe + ThrottlerGuard' },
  { name: SUBJECT, what: '@secure-ws/nestjs, the whole chain' },
];

const GOALS: readonly { readonly ratio: string; readonly baseline: string; readonly goal: number }[] = [
  { ratio: 'vsBareNest', baseline: 'bare-nest', goal: 1 },
  { ratio: 'vsRawWs', baseline: 'raw-ws', goal: 1.35 },
  { ratio: 'vsGuardAndPipe', baseline: 'guard-and-pipe', goal: 0.45 },
  { ratio: 'vsHandWired', baseline: 'hand-wired', goal: 0.125 },
];

interface Lane {
  readonly connection: LoadConnection;
  readonly batch: OrderBatch;
}

/** CPU time of a server for one order through its whole chain and back. */
export const message: Benchmark = {
  name: 'message',
  summary: 'an order through the whole chain, beside raw ws, bare Nest and checks wired by hand',
  run(settings) {
    const names = SERVERS.map(({ name }) => name);
    return withServers(names, (servers) => compare(servers, settings));
  },
};

async function compare(servers: readonly ServerProcess[], settings: BenchmarkSettings): Promise<BenchmarkReport> {
  const { rounds, window } = settings;
  const batches = Math.ceil((settings.count ?? MESSAGES) / (SLICES * CONNECTIONS * window));
  const candidates = await Promise.all(servers.map((server) => candidate(server, window, batches)));
  const results = await measureInRounds(candidates, rounds);
  return report(results, {
    rounds,
    window,
    messages: SLICES * batches * CONNECTIONS * window,
    connections: CONNECTIONS,
  });
}

async function candidate(server: ServerProcess, window: number, batches: number): Promise<Candidate> {
  const headers = { Authorization: `Bearer ${traderToken()}` };
  const lanes = await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, index): Promise<Lane> => {
      const connection = await LoadConnection.open({ port: server.port, path: '/orders', headers });
      return { connection, batch: orderBatch(index, window) };
    }),
  );
  return {
    name: server.name,
    async measure() {
      const before = await server.usage();
      await Promise.all(lanes.map((lane) => drive(lane, batches)));
      const after = await server.usage();
      return (after.cpuMicros - before.cpuMicros) / (batches * CONNECTIONS * window);
    },
  };
}

async function drive({ connection, batch }: Lane, batches: number): Promise<void> {
  for (let sent = 0; sent < batches; sent++) {
    const replies = await connection.exchange(batch.bytes, batch.replies.length);
    // A server that refuses is fast: every reply of every round is compared with what it must be.
    replies.forEach((reply, index) => deepStrictEqual(JSON.parse(reply), batch.replies[index]));
  }
}

function report(results: Map<string, number[]>, setup: Readonly<Record<string, number>>): BenchmarkReport {
  const costs = (name: string): readonly number[] => results.get(name) ?? [];
  const micros = Object.fromEntries(SERVERS.map(({ name }) => [name, round(median(costs(name)), 2)]));
  const ratios = Object.fromEntries(
    GOALS.map(({ ratio, baseline }) => [ratio, pairedRatio(costs(SUBJECT), costs(baseline))]),
  );
  const rows = SERVERS.map(({ name, what }) => [
    what,
    median(costs(name)).toFixed(1),
    Math.min(...costs(name)).toFixed(1),
    Math.max(...costs(name)).toFixed(1),
  ]);
  const goals = GOALS.map(({ ratio, goal }) => ({ label: ratio, reached: ratios[ratio] ?? NaN, goal }));
  return {
    table: [
      table([['server CPU for each message, in microseconds', 'median', 'least', 'most'], ...rows]),
      goalTable(goals),
      `${setup['rounds']} rounds of ${setup['messages']} messages on ${CONNECTIONS} connections, ${setup['window']} at a time.`,
    ].join('\n\n'),
    json: { ratios, cpuMicrosPerMessage: micros, environment: { ...environment(), ...setup } },
  };
}
