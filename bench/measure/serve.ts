import type { AddressInfo, Server } from 'node:net';
import { timerCount } from './timer-count.js';
import type { ServerReport, UsageRequest, Worker } from './usage.js';

/**
 * Called by a server process once it listens: tells the parent the port, answers its questions about CPU and memory, and
 * ends with it.
 *
 * @param doWork what it does by itself when it is asked to.
 * @param sizesOf what it counts of its own.
 */
export function serve(
  server: Server,
  doWork: Worker = () => Promise.resolve([]),
  sizesOf: () => Readonly<Record<string, number>> = () => ({}),
): void {
  const answer = async ({ collectGarbage, work }: UsageRequest): Promise<void> => {
    const kinds = work === undefined ? [] : await doWork(work);
    if (collectGarbage) {
      // Twice: the first run only queues what has a finaliser.
      globalThis.gc?.();
      globalThis.gc?.();
    }
    const { user, system } = process.cpuUsage();
    const { heapUsed, external, rss } = process.memoryUsage();
    const memory = { memoryBytes: heapUsed + external, residentBytes: rss };
    const counts = { timers: timerCount(), handles: process.getActiveResourcesInfo().length, sizes: sizesOf() };
    send({ usage: { cpuMicros: user + system, ...memory, ...counts }, kinds });
  };
  process.on('message', (request: UsageRequest) => void answer(request));
  // Not process.kill: a normal exit is what writes the profile under --cpu-prof.
  process.on('disconnect', () => process.exit(0));
  send({ port: (server.address() as AddressInfo).port });
}

function send(report: ServerReport): void {
  if (process.send === undefined) throw new Error('A benchmark server is started by the benchmark: npm run bench.');
  // The parent is gone, or has given up on this run: there is nobody to measure for.
  if (!process.connected) process.exit(0);
  process.send(report);
}
