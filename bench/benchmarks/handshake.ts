import { environment, type Benchmark, type BenchmarkReport, type BenchmarkSettings } from '../measure/benchmark.js';
import { LoadConnection } from '../measure/load-connection.js';
import { refusedUpgrade } from '../measure/refused-upgrade.js';
import { measureInRounds, SLICES, type Candidate } from '../measure/rounds.js';
import type { ServerProcess } from '../measure/server-process.js';
import { median, pairedRatio, round } from '../measure/statistics.js';
import { goalTable, table } from '../measure/table.js';
import type { LoadTarget } from '../measure/upgrade-request.js';
import { withServers } from '../measure/with-servers.js';
import { traderToken } from '../orders/identity.js';

const HANDSHAKES = 2_000;
const AT_ONCE = 4;
const FOREIGN_ORIGIN = { Origin: 'https://evil.example' };

const CASES = [
  { name: 'accepted', server: 'secure-ws', what: 'accepted: @secure-ws/nestjs', isAccepted: true },
  {
    name: 'acceptedNestVerifyClient',
    server: 'nest-verify-client',
    what: 'accepted: bare Nest + verifyClient + two log lines',
    isAccepted: true,
  },
  { name: 'acceptedRawWs', server: 'raw-ws-jwt', what: 'accepted: raw ws + jsonwebtoken', isAccepted: true },
  { name: 'refused', server: 'secure-ws', what: 'refused by origin: @secure-ws/nestjs', isAccepted: false },
  { name: 'refusedBare', server: 'bare-refusal', what: "refused: socket.end('HTTP/1.1 403 ...')", isAccepted: false },
] as const;

const GOALS = [
  { ratio: 'acceptedVsNestVerifyClient', subject: 'accepted', baseline: 'acceptedNestVerifyClient', goal: 0.9 },
  { ratio: 'acceptedVsRawWs', subject: 'accepted', baseline: 'acceptedRawWs', goal: 1.6 },
  { ratio: 'refusedVsBare', subject: 'refused', baseline: 'refusedBare', goal: 1.3 },
] as const;

/** CPU time of a server for a connection that opens and closes, and for one that is refused. */
export const handshake: Benchmark = {
  name: 'handshake',
  summary: 'a connection opened with a token, or refused by its origin, beside bare Nest, raw ws and a bare socket',
  options: [],
  run(settings) {
    const names = CASES.map(({ server }) => server);
    return withServers(names, (servers) => compare(servers, settings));
  },
};

async function compare(servers: readonly ServerProcess[], settings: BenchmarkSettings): Promise<BenchmarkReport> {
  const perSlice = Math.ceil((settings.count ?? HANDSHAKES) / SLICES);
  const candidates = CASES.flatMap((test, index): Candidate[] => {
    const server = servers[index];
    return server === undefined ? [] : [candidate(test.name, server, test.isAccepted, perSlice)];
  });
  const results = await measureInRounds(candidates, settings.rounds);
  // Last, because a forged token makes a server more careful with this address.
  for (const server of servers) await expectGuarded(server);
  return report(results, { rounds: settings.rounds, handshakes: SLICES * perSlice });
}

function candidate(name: string, server: ServerProcess, isAccepted: boolean, count: number): Candidate {
  const target = orders(server, traderToken(), isAccepted ? {} : FOREIGN_ORIGIN);
  const once = isAccepted ? openAndClose : (): Promise<void> => expectStatus(server, target, 403);
  return {
    name,
    async measure() {
      let left = count;
      const before = await server.usage();
      await Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
          while (left-- > 0) await once(target);
        }),
      );
      const after = await server.usage();
      return (after.cpuMicros - before.cpuMicros) / count;
    },
  };
}

function orders({ port }: ServerProcess, token: string, headers: Readonly<Record<string, string>> = {}): LoadTarget {
  return { port, path: '/orders', headers: { Authorization: `Bearer ${token}`, ...headers } };
}

async function openAndClose(target: LoadTarget): Promise<void> {
  const connection = await LoadConnection.open(target);
  await connection.close();
}

/** A server that lets everybody in is fast: each must refuse what it says that it refuses. */
async function expectGuarded(server: ServerProcess): Promise<void> {
  const [header, payload] = traderToken().split('.');
  const forged = orders(server, `${header}.${payload}.${'A'.repeat(43)}`);
  if (server.name === 'bare-refusal') return expectStatus(server, forged, 403);
  // The comparison with raw ws is with the token alone.
  if (server.name !== 'raw-ws-jwt') await expectStatus(server, orders(server, traderToken(), FOREIGN_ORIGIN), 403);
  await expectStatus(server, forged, 401);
}

async function expectStatus({ name }: ServerProcess, target: LoadTarget, expected: number): Promise<void> {
  const status = await refusedUpgrade(target);
  if (status !== expected) throw new Error(`${name} answered ${status} where it must answer ${expected}.`);
}

function report(results: Map<string, number[]>, setup: Readonly<Record<string, number>>): BenchmarkReport {
  const costs = (name: (typeof CASES)[number]['name']): readonly number[] => results.get(name) ?? [];
  const goals = GOALS.map(({ ratio, subject, baseline, goal }) => ({
    label: ratio,
    reached: pairedRatio(costs(subject), costs(baseline)),
    goal,
  }));
  const rows = CASES.map(({ name, what }) => [
    what,
    median(costs(name)).toFixed(0),
    Math.min(...costs(name)).toFixed(0),
    Math.max(...costs(name)).toFixed(0),
  ]);
  return {
    table: [
      table([['server CPU for each handshake, in microseconds', 'median', 'least', 'most'], ...rows]),
      goalTable(goals),
      `${setup['rounds']} rounds of ${setup['handshakes']} handshakes, ${AT_ONCE} at once; with the TCP connection and its end.`,
    ].join('\n\n'),
    json: {
      ratios: Object.fromEntries(goals.map(({ label, reached }) => [label, reached])),
      cpuMicrosPerHandshake: Object.fromEntries(CASES.map(({ name }) => [name, round(median(costs(name)), 1)])),
      environment: { ...environment(), ...setup },
    },
  };
}
