import type { BenchmarkSettings } from '../measure/benchmark.js';
import type { Candidate } from '../measure/rounds.js';
import type { ServerProcess } from '../measure/server-process.js';
import { whileSpinning } from '../measure/spinning.js';
import type { openOrderLane, OrderLane } from './order-lane.js';

/** How many connections send at the same time. */
export const CONNECTIONS = 4;

/** What a server spends on batches of messages, each batch one of `window` messages on every connection. */
export async function messageLoad(
  server: ServerProcess,
  open: typeof openOrderLane,
  settings: BenchmarkSettings,
  batches: number,
): Promise<Candidate> {
  const { window } = settings;
  const lanes = await Promise.all(Array.from({ length: CONNECTIONS }, (_, index) => open(server.port, index, window)));
  const drive = window === 1 ? inTurn : sideBySide;
  const load = (): Promise<void> => drive(lanes, batches);
  return {
    name: server.name,
    async measure() {
      const before = await server.usage();
      await (isSpinning(settings) ? whileSpinning(load) : load());
      const after = await server.usage();
      return (after.cpuMicros - before.cpuMicros) / (batches * CONNECTIONS * window);
    },
  };
}

/**
 * A client that sleeps has to be woken for each reply, by the server's system call and on the server's account, on
 * whatever core the scheduler picks. Over a network no server pays for that.
 */
export function isSpinning({ client, window }: BenchmarkSettings): boolean {
  return client === undefined ? window === 1 : client === 'spin';
}

async function sideBySide(lanes: readonly OrderLane[], batches: number): Promise<void> {
  await Promise.all(
    lanes.map(async (exchange) => {
      for (let sent = 0; sent < batches; sent++) await exchange();
    }),
  );
}

/**
 * One message in the whole server. Side by side, several connections would be ready in one round of its event loop, the
 * more of them the slower it is, and those after the first cost less.
 */
async function inTurn(lanes: readonly OrderLane[], batches: number): Promise<void> {
  for (let sent = 0; sent < batches; sent++) for (const exchange of lanes) await exchange();
}
