import { ServerProcess } from './server-process.js';

/**
 * Starts servers, hands them over in the order of their names, and stops them whatever happens.
 *
 * @throws when one of them does not start; those that did are stopped.
 */
export async function withServers<T>(
  names: readonly string[],
  use: (servers: readonly ServerProcess[]) => Promise<T>,
): Promise<T> {
  const starts = await Promise.allSettled(names.map((name) => ServerProcess.start(name)));
  const servers = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  try {
    const failed = starts.find((start) => start.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return await use(servers);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}
