import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** Stops the clock of a server. Compiled when the first test needs it. */
const STEPPED_CLOCK = fileURLToPath(new URL('../../.cache/stepped-clock.so', import.meta.url));
const STEPPED_CLOCK_SOURCE = fileURLToPath(new URL('stepped-clock.c', import.meta.url));

/** How a {@link RedisServer} runs. */
interface RedisServerOptions {
  /** Further arguments, such as `['--maxmemory', '10mb']`. */
  readonly args?: readonly string[];
  /** Whether its clock stands still until a test moves it. */
  readonly hasClock?: boolean;
}

/** Runs something at an end: that of a test, of a file. */
export type AtEnd = (end: () => Promise<void>) => void;

/** A Redis of Debian's, which listens on a socket in its own folder alone, and forgets all when it ends. */
export class RedisServer {
  /** Of its socket; what a client is given. */
  readonly path: string;
  /** What a client of the `redis` package is given. */
  readonly url: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'secure-ws-redis-'));
  #program: ChildProcess | undefined;
  #now = Date.now();

  private constructor(private readonly options: RedisServerOptions) {
    this.path = join(this.#folder, 'redis.sock');
    this.url = `unix://${this.path}`;
  }

  /** Starts one that ends with the test that started it, or when `atEnd` says. */
  static async start(options: RedisServerOptions = {}, atEnd: AtEnd = onTestFinished): Promise<RedisServer> {
    const server = new RedisServer(options);
    atEnd(async () => {
      await server.kill();
      rmSync(server.#folder, { recursive: true, force: true });
    });
    await server.start();
    return server;
  }

  /** Starts it again after {@link kill}. */
  async start(): Promise<void> {
    const args = ['--port', '0', '--unixsocket', this.path, '--dir', this.#folder, '--save', '', '--appendonly', 'no'];
    if (this.options.hasClock === true) {
      compileSteppedClock();
      this.stepClock(0);
    }
    const program = spawn('redis-server', [...args, ...(this.options.args ?? [])], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        ...(this.options.hasClock === true && { LD_PRELOAD: STEPPED_CLOCK, STEPPED_CLOCK: this.#clockFile }),
      },
    });
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

  /** Sets its clock forward, or back where negative. Needs `hasClock`. */
  stepClock(ms: number): void {
    this.#now += Math.ceil(ms);
    // At once: a file that is being written is empty for a moment.
    writeFileSync(`${this.#clockFile}.next`, String(this.#now));
    renameSync(`${this.#clockFile}.next`, this.#clockFile);
  }

  get #clockFile(): string {
    return join(this.#folder, 'clock');
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

function compileSteppedClock(): void {
  if (existsSync(STEPPED_CLOCK)) return;
  mkdirSync(dirname(STEPPED_CLOCK), { recursive: true });
  // Several test files may do so at the same time.
  const made = `${STEPPED_CLOCK}.${process.pid}`;
  execFileSync('gcc', ['-shared', '-fPIC', '-O2', '-o', made, STEPPED_CLOCK_SOURCE]);
  renameSync(made, STEPPED_CLOCK);
}
