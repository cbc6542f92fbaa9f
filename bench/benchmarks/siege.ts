import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { environment, type Benchmark, type BenchmarkReport, type BenchmarkSettings } from '../measure/benchmark.js';
import { demandOpenFiles } from '../measure/open-files.js';
import { ServerProcess } from '../measure/server-process.js';
import { median, percentile, round } from '../measure/statistics.js';
import { goalTable, table } from '../measure/table.js';
import { HonestClient, type Order } from '../siege/honest-client.js';
import { HONEST_PEOPLE, type SiegePlan } from '../siege/siege-plan.js';

const CONNECTS_PER_SECOND = 500;
const FRAMES_PER_CONNECT = 10;
const SLOW_READERS = 50;
const SENDERS = 100;
const SIEGE_SECONDS = 30;
const QUIET_SECONDS = 10;

/** How long a server is watched after the siege, and in what pieces. */
const AFTER_SECONDS = 20;
const PIECE_MS = 500;
const GOAL_P99 = 2;

const SERVERS = [
  { name: 'secure-ws-siege', key: 'secureWs', what: '@secure-ws/nestjs' },
  { name: 'bare-nest', key: 'bareNest', what: 'bare Nest gateway on WsAdapter' },
] as const;

/** What honest clients had of a server, and what it took. */
interface Figures {
  readonly orders: number;
  readonly lost: number;
  readonly quietP99: number;
  readonly p99: number;
  readonly rssGrowthBytes: number;
  readonly recoverySeconds: number;
}

/** Honest clients, while others do all that they can at a fixed rate. */
export const siege: Benchmark = {
  name: 'siege',
  summary: 'what honest clients have of a server under attack, beside bare Nest; --count connects a second',
  options: ['seconds'],
  rounds: 1,
  async run(settings) {
    demandOpenFiles(2_000);
    const results = new Map<string, Figures[]>(SERVERS.map(({ name }) => [name, []]));
    for (let turn = 0; turn < settings.rounds; turn++) {
      for (const { name } of SERVERS) results.get(name)?.push(await besiege(name, settings));
    }
    return report(results, settings);
  },
};

async function besiege(name: string, settings: BenchmarkSettings): Promise<Figures> {
  const connectsPerSecond = settings.count ?? CONNECTS_PER_SECOND;
  const server = await ServerProcess.start(name);
  const clients = Array.from({ length: HONEST_PEOPLE }, (_, person) => new HonestClient(server.port, person));
  const running = Promise.all(clients.map((client) => client.run()));
  const share = connectsPerSecond / CONNECTS_PER_SECOND;
  const attacker = (): ChildProcess =>
    startAttacker({
      port: server.port,
      connectsPerSecond: connectsPerSecond / 2,
      framesPerSecond: (connectsPerSecond * FRAMES_PER_CONNECT) / 2,
      slowReaders: Math.ceil((SLOW_READERS * share) / 2),
      senders: Math.ceil((SENDERS * share) / 2),
    });
  try {
    await pause(QUIET_SECONDS * 1000);
    const { residentBytes } = await server.usage(true);
    const begin = performance.now();
    const attackers = [attacker(), attacker()];
    const mostBytes = await mostResident(server, begin + (settings.seconds ?? SIEGE_SECONDS) * 1000);
    await Promise.all(attackers.map(stop));
    const end = performance.now();
    await pause(AFTER_SECONDS * 1000);
    for (const client of clients) client.stop();
    await running;
    return {
      ...judge(
        clients.flatMap(({ orders }) => orders),
        begin,
        end,
      ),
      rssGrowthBytes: mostBytes - residentBytes,
    };
  } finally {
    for (const client of clients) client.stop();
    await server.stop();
  }
}

function startAttacker(plan: SiegePlan): ChildProcess {
  return fork(fileURLToPath(new URL('../siege/attacker.js', import.meta.url)), [JSON.stringify(plan)]);
}

async function stop(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.disconnect();
  await exited;
}

async function mostResident(server: ServerProcess, until: number): Promise<number> {
  let most = 0;
  while (performance.now() < until) {
    const { residentBytes } = await server.usage();
    most = Math.max(most, residentBytes);
    await pause(PIECE_MS);
  }
  return most;
}

function judge(orders: readonly Order[], begin: number, end: number): Omit<Figures, 'rssGrowthBytes'> {
  // The first second is that of the handshakes.
  const first = Math.min(...orders.map(({ at }) => at)) + 1000;
  const between = (from: number, to: number): readonly Order[] => orders.filter(({ at }) => at >= from && at < to);
  const during = between(begin, end);
  const quietP99 = p99Of(between(first, begin));
  const isCalm = (from: number): boolean => p99Of(between(from, from + PIECE_MS)) <= GOAL_P99 * quietP99;
  let recoveredAt = end;
  while (recoveredAt < end + AFTER_SECONDS * 1000 && !isCalm(recoveredAt)) recoveredAt += PIECE_MS;
  return {
    orders: during.length,
    lost: during.filter(({ tookMs }) => tookMs === undefined).length,
    quietP99,
    p99: p99Of(during),
    recoverySeconds: (recoveredAt - end) / 1000,
  };
}

/** One that was lost took longer than any other. */
function p99Of(orders: readonly Order[]): number {
  return orders.length === 0
    ? Infinity
    : percentile(
        orders.map(({ tookMs = Infinity }) => tookMs),
        0.99,
      );
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function report(results: ReadonlyMap<string, readonly Figures[]>, settings: BenchmarkSettings): BenchmarkReport {
  const of = (name: string, figure: keyof Figures): number =>
    median((results.get(name) ?? []).map((figures) => figures[figure]));
  const ratio = (name: string): number => median((results.get(name) ?? []).map(({ p99, quietP99 }) => p99 / quietP99));
  const connectsPerSecond = settings.count ?? CONNECTS_PER_SECOND;
  const seconds = settings.seconds ?? SIEGE_SECONDS;
  const ours = SERVERS[0].name;
  const rows = SERVERS.map(({ name, what }) => [
    what,
    `${of(name, 'lost')} of ${of(name, 'orders')}`,
    of(name, 'quietP99').toFixed(1),
    of(name, 'p99').toFixed(1),
    (of(name, 'rssGrowthBytes') / 1_048_576).toFixed(0),
    of(name, 'recoverySeconds').toFixed(1),
  ]);
  return {
    table: [
      table([
        ['what honest clients have', 'lost', 'p99 ms, quiet', 'under siege', 'RSS + MiB', 'calm after s'],
        ...rows,
      ]),
      goalTable([
        { label: 'lost', reached: of(ours, 'lost'), goal: 0 },
        { label: 'p99 to the quiet one', reached: ratio(ours), goal: GOAL_P99 },
        { label: 'MiB more', reached: of(ours, 'rssGrowthBytes') / 1_048_576, goal: 64 },
        { label: 'seconds until it is calm', reached: of(ours, 'recoverySeconds'), goal: 5 },
      ]),
      `${seconds} s of ${connectsPerSecond} connects and ${connectsPerSecond * FRAMES_PER_CONNECT} frames a second; ${settings.rounds} round(s).`,
    ].join('\n\n'),
    json: {
      ...Object.fromEntries(
        SERVERS.map(({ name, key }) => [
          key,
          {
            lost: of(name, 'lost'),
            rssGrowthBytes: of(name, 'rssGrowthBytes'),
            // JSON cannot say how long something took that never came.
            p99Ratio: Number.isFinite(ratio(name)) ? round(ratio(name), 2) : null,
            recoverySeconds: round(of(name, 'recoverySeconds'), 1),
          },
        ]),
      ),
      environment: { ...environment(), connectsPerSecond, seconds, rounds: settings.rounds },
    },
  };
}
