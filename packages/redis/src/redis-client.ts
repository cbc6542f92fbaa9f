/** What a script is given. */
export interface ScriptArguments {
  /** All in one slot: each holds the same hash tag. */
  readonly keys: string[];
  readonly arguments: string[];
}

/**
 * What the store needs of a client of Redis or Valkey: `createClient()`, `createCluster()`, `createSentinel()` and
 * `createClientPool()` of the `redis` package (node-redis) give one.
 */
export interface RedisClient {
  /** Runs a script that the server has. */
  evalSha(sha1: string, options: ScriptArguments): Promise<unknown>;
  /** Runs a script, and leaves it with the server. */
  eval(script: string, options: ScriptArguments): Promise<unknown>;
  /** How many listen to an event, as every event emitter says it. */
  listenerCount(event: 'error'): number;
  /** Whether it is connected; a client that does not say so is asked. */
  readonly isReady?: boolean;
  /** A further client of the same kind, not connected, for what the server pushes; without one the nodes hear by asking alone. */
  duplicate?(): unknown;
}
