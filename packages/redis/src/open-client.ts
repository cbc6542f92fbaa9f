import { createClient } from 'redis';
import type { RedisClient } from './redis-client.js';

/** How long one connection may take to be made, in milliseconds. */
const CONNECT_TIMEOUT_MS = 5000;

/** How often the server is asked whether it is there, and how long it may say nothing: a line that swallows everything is given up. */
const PING_EVERY_MS = 2000;
const SILENCE_MS = 5000;

/** Delays before a connection is made again, in milliseconds; with jitter, so that nodes do not come back together. */
const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 2000;

/** A client of our own, and how it is closed. */
export interface OpenedClient {
  readonly client: RedisClient;
  /** Ends the connection at once. */
  readonly close: () => void;
}

/**
 * Connects to the server of a URL. A connection that is lost later is made again for as long as it takes.
 *
 * @throws Error when the first connection cannot be made: a node that cannot reach its store must not look ready.
 */
export async function openClient(url: string): Promise<OpenedClient> {
  let wasConnected = false;
  const client = createClient({
    url,
    // A command that waits for the connection would be run long after whoever asked was refused.
    disableOfflineQueue: true,
    pingInterval: PING_EVERY_MS,
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SILENCE_MS,
      reconnectStrategy: (retries: number) => (wasConnected ? delayMs(retries) : false),
    },
  });
  // Without a listener it would end the process. The store tells of an outage, once, when it is one.
  client.on('error', () => undefined);
  client.once('ready', () => (wasConnected = true));
  try {
    await client.connect();
  } catch (cause) {
    // The URL may hold a password, and so may what the client says of it.
    throw new Error('Redis cannot be reached at the given url. Check that it runs, its address, its password and its certificate.', { cause }); // prettier-ignore
  }
  return { client, close: () => client.destroy() };
}

function delayMs(retries: number): number {
  const delay = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(retries, 10));
  return Math.ceil(delay * (0.5 + Math.random() / 2));
}
