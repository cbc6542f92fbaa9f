import { environment, type BenchmarkReport, type BenchmarkSettings } from '../measure/benchmark.js';
import { measureInRounds, SLICES } from '../measure/rounds.js';
import type { ServerProcess } from '../measure/server-process.js';
import { median, pairedRatio, round } from '../measure/statistics.js';
import { goalTable, table } from '../measure/table.js';
import { withServers } from '../measure/with-servers.js';
import { CONNECTIONS, isSpinning, messageLoad } from '../orders/message-load.js';
import { expectChecks, openOrderLane } from '../orders/order-lane.js';

const MESSAGES = 10_000;
const ALONE = 'secure-ws';

/** The chain, and the chain with somebody watching. */
const SERVERS = [
  { name: ALONE, what: 'nobody watches', ratio: undefined, goal: undefined },
  { name: 'secure-ws-metrics', what: 'metrics for Prometheus', ratio: 'withMetrics', goal: 1.1 },
  { name: 'secure-ws-alerts', what: 'the shipped alerts', ratio: 'withAlerts', goal: undefined },
  { name: 'secure-ws-traced', what: 'metrics and spans of OpenTelemetry', ratio: 'withOpenTelemetry', goal: undefined },
] as const;

/** CPU time of a server for one order, with metrics, alerts or tracing, against the same server without. */
export async function compareObserved(settings: BenchmarkSettings): Promise<BenchmarkReport> {
  return withServers(
    SERVERS.map(({ name }) => name),
    (servers) => compare(servers, settings),
  );
}

async function compare(servers: readonly ServerProcess[], settings: BenchmarkSettings): Promise<BenchmarkReport> {
  await Promise.all(servers.map(({ name, port }) => expectChecks(name, port)));
  const { rounds, window } = settings;
  const batches = Math.ceil((settings.count ?? MESSAGES) / (SLICES * CONNECTIONS * window));
  const loads = await Promise.all(servers.map((server) => messageLoad(server, openOrderLane, settings, batches)));
  const results = await measureInRounds(loads, rounds);
  const costs = (name: string): readonly number[] => results.get(name) ?? [];
  const ratios = SERVERS.flatMap(({ name, ratio, goal }) =>
    ratio === undefined ? [] : [{ label: ratio, reached: pairedRatio(costs(name), costs(ALONE)), goal }],
  );
  const rows = SERVERS.map(({ name, what }) => [
    what,
    median(costs(name)).toFixed(1),
    Math.min(...costs(name)).toFixed(1),
    Math.max(...costs(name)).toFixed(1),
  ]);
  const messages = SLICES * batches * CONNECTIONS * window;
  const client = isSpinning(settings) ? 'spin' : 'sleep';
  return {
    table: [
      table([['server CPU for each message, in microseconds', 'median', 'least', 'most'], ...rows]),
      goalTable(ratios),
      `${rounds} rounds of ${messages} messages on ${CONNECTIONS} connections, ${window} at a time; the client ${client}s.`,
    ].join('\n\n'),
    json: {
      ratios: Object.fromEntries(ratios.map(({ label, reached }) => [label, reached])),
      cpuMicrosPerMessage: Object.fromEntries(SERVERS.map(({ name }) => [name, round(median(costs(name)), 2)])),
      environment: { ...environment(), rounds, window, messages, connections: CONNECTIONS, client },
    },
  };
}
