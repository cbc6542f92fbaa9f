import { createHash } from 'node:crypto';
import type { RedisClient } from './redis-client.js';

/** One script, which a server is sent once and then asked for by its hash. */
export class Script {
  readonly source: string;
  /** As `EVALSHA` names it: SHA-1, which is what Redis computes; nothing depends on its strength. */
  readonly sha1: string;

  /** @param parts what the script is made of, in their order. */
  constructor(...parts: readonly string[]) {
    this.source = parts.join('');
    this.sha1 = createHash('sha1').update(this.source).digest('hex');
  }

  /**
   * Runs it. A server that does not have it (restarted, failed over, `SCRIPT FLUSH`) is sent it again.
   *
   * @param asked sent as JSON.
   */
  async run(client: RedisClient, keys: readonly string[], asked: unknown): Promise<unknown> {
    const options = { keys: [...keys], arguments: [JSON.stringify(asked)] };
    try {
      return await client.evalSha(this.sha1, options);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return client.eval(this.source, options);
    }
  }
}
