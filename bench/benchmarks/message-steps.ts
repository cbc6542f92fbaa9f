import { environment, type BenchmarkReport, type BenchmarkSettings } from '../measure/benchmark.js';
import { measureInRounds, SLICES, type Candidate } from '../measure/rounds.js';
import type { ServerProcess } from '../measure/server-process.js';
import { median, pairedDifference, round } from '../measure/statistics.js';
import { table } from '../measure/table.js';
import { withServers } from '../measure/with-servers.js';
import { openOrderLane } from '../orders/order-lane.js';

const MESSAGES = 20_000;
const BEFORE = 'the message itself';

/**
 * CPU time of each step of the chain: messages run through the first steps only, one step more with each candidate, and a
 * step costs what it adds. Nothing is read from a socket; the last step writes to one.
 */
export async function compareSteps(settings: BenchmarkSettings): Promise<BenchmarkReport> {
  return withServers(['secure-ws-steps'], async ([server]) => {
    if (server === undefined) throw new Error('The server of the steps did not start.');
    const exchange = await openOrderLane(server.port, 0, 1);
    await exchange();
    const { kinds } = await server.work({ kind: 0, times: 1 });
    const times = Math.ceil((settings.count ?? MESSAGES) / SLICES);
    const names = [BEFORE, ...kinds.map((kind, index) => `${index + 1} ${kind}`)];
    const costs = await measureInRounds(
      names.map((name, length) => candidate(server, name, length, times)),
      settings.rounds,
    );
    return report(names, costs, settings, times);
  });
}

function candidate(server: ServerProcess, name: string, kind: number, times: number): Candidate {
  return {
    name,
    measure: async () => (await server.work({ kind, times })).cpuMicros / times,
  };
}

function report(
  names: readonly string[],
  costs: ReadonlyMap<string, readonly number[]>,
  { rounds }: BenchmarkSettings,
  times: number,
): BenchmarkReport {
  const of = (name: string | undefined): readonly number[] => costs.get(name ?? '') ?? [];
  const added = names.map((name, index) =>
    index === 0 ? median(of(name)) : pairedDifference(of(name), of(names[index - 1])),
  );
  const rows = names.map((name, index) => [name, added[index]?.toFixed(2) ?? '', median(of(name)).toFixed(2)]);
  return {
    table: [
      table([['CPU for each message, in microseconds', 'step', 'up to it'], ...rows]),
      `${rounds} rounds of ${times * SLICES} messages, cut off after each step, without a socket in front of them.`,
    ].join('\n\n'),
    json: {
      cpuMicrosPerStep: Object.fromEntries(names.map((name, index) => [name, round(added[index] ?? NaN, 3)])),
      environment: { ...environment(), rounds, messages: times * SLICES },
    },
  };
}
