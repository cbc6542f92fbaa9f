import { ADDED_WORK_MICROS } from '../measure/added-work.js';
import { environment, type Benchmark, type BenchmarkReport, type BenchmarkSettings } from '../measure/benchmark.js';
import { measureInRounds, SLICES } from '../measure/rounds.js';
import type { ServerProcess } from '../measure/server-process.js';
import { median, pairedDifference, pairedRatio, round } from '../measure/statistics.js';
import { goalTable, table } from '../measure/table.js';
import { withServers } from '../measure/with-servers.js';
import { CONNECTIONS, isSpinning, messageLoad } from '../orders/message-load.js';
import { expectChecks, openEchoLane, openOrderLane } from '../orders/order-lane.js';
import { compareObserved } from './message-observed.js';
import { compareSteps } from './message-steps.js';

const MESSAGES = 10_000;
const SUBJECT = 'secure-ws';
const FLOOR = 'tcp-echo';
const CALIBRATION = 'raw-ws-and-work';

interface Entry {
  readonly name: string;
  readonly what: string;
  /** Whether it refuses what must be refused; probed before it is measured. */
  readonly hasChecks: boolean;
}

const SERVERS: readonly Entry[] = [
  { name: 'raw-ws', what: 'raw ws, JSON.parse and stringify', hasChecks: false },
  { name: 'bare-nest', what: 'bare Nest gateway on WsAdapter', hasChecks: false },
  { name: 'guard-and-pipe', what: 'Nest + guard + ValidationPipe', hasChecks: true },
  { name: 'hand-wired', what: 'Nest + guard + ValidationPipe + ThrottlerGuard', hasChecks: true },
  { name: SUBJECT, what: '@secure-ws/nestjs, the whole chain', hasChecks: true },
];

/** The goals with several messages on their way, and with one alone. */
const GOALS = [
  { ratio: 'vsBareNest', baseline: 'bare-nest', several: 0.75, alone: 0.95 },
  { ratio: 'vsRawWs', baseline: 'raw-ws', several: 1.2, alone: 1.5 },
  { ratio: 'vsGuardAndPipe', baseline: 'guard-and-pipe', several: 0.45, alone: undefined },
  { ratio: 'vsHandWired', baseline: 'hand-wired', several: 0.125, alone: undefined },
] as const;

/** CPU time of a server for one order through its whole chain and back. */
export const message: Benchmark = {
  name: 'message',
  summary: 'an order through the whole chain, beside raw ws, bare Nest and checks wired by hand',
  options: ['window', 'floor', 'calibrate', 'client', 'steps', 'metrics'],
  run(settings) {
    if (settings.metrics) return compareObserved(settings);
    if (settings.steps) return compareSteps(settings);
    const entries = [
      ...(settings.floor ? [{ name: FLOOR, what: 'TCP echo, the limit of this runtime', hasChecks: false }] : []),
      ...SERVERS,
      ...(settings.calibrate
        ? [{ name: CALIBRATION, what: `raw ws and ${ADDED_WORK_MICROS} us of work`, hasChecks: false }]
        : []),
    ];
    return withServers(
      entries.map(({ name }) => name),
      (servers) => compare(entries, servers, settings),
    );
  },
};

async function compare(
  entries: readonly Entry[],
  servers: readonly ServerProcess[],
  settings: BenchmarkSettings,
): Promise<BenchmarkReport> {
  const checked = servers.filter(({ name }) => entries.some((entry) => entry.name === name && entry.hasChecks));
  await Promise.all(checked.map(({ name, port }) => expectChecks(name, port)));
  const { rounds, window } = settings;
  const batches = Math.ceil((settings.count ?? MESSAGES) / (SLICES * CONNECTIONS * window));
  const candidates = await Promise.all(
    servers.map((server) =>
      messageLoad(server, server.name === FLOOR ? openEchoLane : openOrderLane, settings, batches),
    ),
  );
  const costs = await measureInRounds(candidates, rounds);
  const messages = SLICES * batches * CONNECTIONS * window;
  return report(entries, costs, settings, { rounds, window, messages, connections: CONNECTIONS });
}

function report(
  entries: readonly Entry[],
  results: Map<string, number[]>,
  settings: BenchmarkSettings,
  setup: Readonly<Record<'rounds' | 'window' | 'messages' | 'connections', number>>,
): BenchmarkReport {
  const costs = (name: string): readonly number[] => results.get(name) ?? [];
  const against = (baseline: string): number => pairedRatio(costs(SUBJECT), costs(baseline));
  const goals = [
    ...GOALS.map(({ ratio, baseline, several, alone }) => ({
      label: ratio as string,
      reached: against(baseline),
      goal: setup.window === 1 ? alone : several,
    })),
    ...(settings.floor ? [{ label: 'vsFloor', reached: against(FLOOR), goal: undefined }] : []),
  ];
  const added = settings.calibrate ? round(pairedDifference(costs(CALIBRATION), costs('raw-ws')), 1) : undefined;
  const rows = entries.map(({ name, what }) => [
    what,
    median(costs(name)).toFixed(1),
    Math.min(...costs(name)).toFixed(1),
    Math.max(...costs(name)).toFixed(1),
  ]);
  const pace = setup.window === 1 ? 'one message in the whole server' : `${setup.window} at a time`;
  const client = isSpinning(settings) ? 'spins' : 'sleeps';
  return {
    table: [
      table([['server CPU for each message, in microseconds', 'median', 'least', 'most'], ...rows]),
      goalTable(goals),
      ...(added === undefined ? [] : [`${ADDED_WORK_MICROS} us of added work were measured as ${added} us.`]),
      `${setup.rounds} rounds of ${setup.messages} messages on ${CONNECTIONS} connections, ${pace}; the client ${client}.`,
    ].join('\n\n'),
    json: {
      ratios: Object.fromEntries(goals.map(({ label, reached }) => [label, reached])),
      cpuMicrosPerMessage: Object.fromEntries(entries.map(({ name }) => [name, round(median(costs(name)), 2)])),
      ...(added === undefined ? {} : { calibration: { addedMicros: ADDED_WORK_MICROS, measuredMicros: added } }),
      environment: { ...environment(), ...setup, client: isSpinning(settings) ? 'spin' : 'sleep' },
    },
  };
}
