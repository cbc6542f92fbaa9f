import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A Redis of Debian's, which listens on a socket in its own folder alone, and forgets all when it ends. */
export class RedisServer {
  /** Of its socket; what a client is given. */
  readonly path: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'secure-ws-redis-'));
  #program: ChildProcess | undefined;

  private constructor() {
    this.path = join(this.#folder, 'redis.sock');
  }

  /** Starts one that ends with the test that started it. */
  static async start(): Promise<RedisServer> {
    const server = new RedisServer();
    onTestFinished(async () => {
      await server.kill();
      rmSync(server.#folder, { recursive: true, force: true });
    });
    await server.start();
    return server;
  }

  /** Starts it again after {@link kill}. */
  async start(): Promise<void> {
    const args = ['--port', '0', '--unixsocket', this.path, '--dir', this.#folder, '--save', '', '--appendonly', 'no'];
    const program = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const said: string[] = [];
    await new Promise<void>((resolve, reject) => {
      program.stdout.on('data', (text: Buffer) => {
        said.push(text.toString());
        if (/ready to accept connections/i.test(said.join(''))) resolve();
      });
      program.once('error', (cause) => {
        reject(new Error('Redis is not installed: node tools/ensure-redis.mjs installs it.', { cause }));
      });
      program.once('exit', (code) => {
        reject(new Error(`Redis ended with ${code}: ${said.join('')}`));
      });
    });
    this.#program = program;
  }

  /** Ends it in the middle of whatever it does. */
  async kill(): Promise<void> {
    const program = this.#program;
    this.#program = undefined;
    if (program === undefined) return;
    const ended = once(program, 'exit');
    program.kill('SIGKILL');
    await ended;
  }

  /** Lets it keep its connections and answer nothing, until {@link thaw}. */
  freeze(): void {
    this.#program?.kill('SIGSTOP');
  }

  /** Lets it answer what it was asked meanwhile. */
  thaw(): void {
    this.#program?.kill('SIGCONT');
  }
}
