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

const CASES = [
  { name: 'accepted', server: 'secure-ws', what: 'accepted: @secure-ws/nestjs', isAccepted: true },
  { name: 'acceptedRawWs', server: 'raw-ws-jwt', what: 'accepted: raw ws + jsonwebtoken', isAccepted: true },
  { name: 'refused', server: 'secure-ws', what: 'refused by origin: @secure-ws/nestjs', isAccepted: false },
  { name: 'refusedBare', server: 'bare-refusal', what: "refused: socket.end('HTTP/1.1 403 ...')", isAccepted: false },
] as const;

/** CPU time of a server for a connection that opens and closes, and for one that is refused. */
export const handshake: Benchmark = {
  name: 'handshake',
  summary: 'a connection opened with a token, or refused by its origin, beside raw ws and a bare socket',
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
  return report(results, { rounds: settings.rounds, handshakes: SLICES * perSlice });
}

function candidate(name: string, server: ServerProcess, isAccepted: boolean, count: number): Candidate {
  const bearer = { Authorization: `Bearer ${traderToken()}` };
  const headers = isAccepted ? bearer : { ...bearer, Origin: 'https://evil.example' };
  const target: LoadTarget = { port: server.port, path: '/orders', headers };
  const once = isAccepted ? openAndClose : expectForbidden;
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

async function openAndClose(target: LoadTarget): Promise<void> {
  const connection = await LoadConnection.open(target);
  await connection.close();
}

async function expectForbidden(target: LoadTarget): Promise<void> {
  const status = await refusedUpgrade(target);
  if (status !== 403) throw new Error(`The server answered ${status} to a foreign origin.`);
}

function report(results: Map<string, number[]>, setup: Readonly<Record<string, number>>): BenchmarkReport {
  const costs = (name: (typeof CASES)[number]['name']): readonly number[] => results.get(name) ?? [];
  const ratios = {
    acceptedVsRawWs: pairedRatio(costs('accepted'), costs('acceptedRawWs')),
    refusedVsBare: pairedRatio(costs('refused'), costs('refusedBare')),
  };
  const micros = Object.fromEntries(CASES.map(({ name }) => [name, round(median(costs(name)), 1)]));
  const rows = CASES.map(({ name, what }) => [
    what,
    median(costs(name)).toFixed(0),
    Math.min(...costs(name)).toFixed(0),
    Math.max(...costs(name)).toFixed(0),
  ]);
  return {
    table: [
      table([['server CPU for each handshake, in microseconds', 'median', 'least', 'most'], ...rows]),
      goalTable([
        { label: 'acceptedVsRawWs', reached: ratios.acceptedVsRawWs, goal: 1.25 },
        { label: 'refusedVsBare', reached: ratios.refusedVsBare, goal: 1.3 },
      ]),
      `${setup['rounds']} rounds of ${setup['handshakes']} handshakes, ${AT_ONCE} at once; with the TCP connection and its end.`,
    ].join('\n\n'),
    json: { ratios, cpuMicrosPerHandshake: micros, environment: { ...environment(), ...setup } },
  };
}
