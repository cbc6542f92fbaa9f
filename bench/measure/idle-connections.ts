import { LoadConnection } from './load-connection.js';
import type { ServerProcess } from './server-process.js';
import type { LoadTarget } from './upgrade-request.js';

const OPENED_AT_ONCE = 50;

/** How often a server is asked whether it has got rid of what was there, and how long it is given in between. */
const LOOKS = 20;
const LOOK_EVERY_MS = 2_000;

/** What two looks in a row may differ by. */
const STILL = 0.002;

/** Opens so many connections that answer pings and say nothing. */
export async function openIdle(target: LoadTarget, count: number): Promise<LoadConnection[]> {
  const open: LoadConnection[] = [];
  while (open.length < count) {
    const next = Array.from({ length: Math.min(OPENED_AT_ONCE, count - open.length) }, () =>
      LoadConnection.open(target),
    );
    open.push(...(await Promise.all(next)));
  }
  return open;
}

/** Closes all of them at once. @returns how long that took, in milliseconds. */
export async function closeAll(open: readonly LoadConnection[]): Promise<number> {
  const start = performance.now();
  await Promise.all(open.map((connection) => connection.close()));
  return performance.now() - start;
}

/**
 * What a server holds once it holds no less: windows of limits are kept for seconds, and so they should be.
 *
 * @returns heap and buffers after garbage collections, in bytes.
 */
export async function settledMemory(server: ServerProcess): Promise<number> {
  let { memoryBytes: least } = await server.usage(true);
  for (let look = 0; look < LOOKS; look++) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    const { memoryBytes } = await server.usage(true);
    const isStill = memoryBytes > least * (1 - STILL) && look >= LOOKS / 4;
    least = Math.min(least, memoryBytes);
    if (isStill) break;
  }
  return least;
}
