import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { COUNTS_TIMERS } from './timer-count.js';
import type { PieceOfWork, ServerReport, Usage, UsageRequest } from './usage.js';

/** A server in a process of its own, so that its CPU time is its own and not the client's. */
export class ServerProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly name: string,
    readonly port: number,
  ) {}

  /**
   * Starts `servers/<name>.ts` and waits until it listens.
   *
   * @param options `countTimers` for nothing but that: see `timer-count.ts`.
   * @throws when the process ends before that.
   */
  static async start(name: string, { countTimers = false } = {}): Promise<ServerProcess> {
    const child = fork(fileURLToPath(new URL(`../servers/${name}.js`, import.meta.url)), {
      // Log lines go to /dev/null: writing them is part of the cost, a terminal that shows them is not.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { ...process.env, [COUNTS_TIMERS]: countTimers ? '1' : '0' },
      execArgv: ['--expose-gc', ...profileFlags(name)],
    });
    const report = await nextReport(child, name);
    if (!('port' in report)) throw new Error(`The server ${name} did not tell its port first.`);
    return new ServerProcess(child, name, report.port);
  }

  /** Asks for CPU time and memory. Nothing may be under way then, or it is counted in the wrong place. */
  async usage(collectGarbage = false): Promise<Usage> {
    return (await this.#ask({ collectGarbage })).usage;
  }

  /** Has a piece of work done. @returns the CPU time of it, in microseconds, and the names of all kinds of work. */
  async work(work: PieceOfWork): Promise<{ readonly cpuMicros: number; readonly kinds: readonly string[] }> {
    const before = await this.usage();
    const { usage, kinds } = await this.#ask({ collectGarbage: false, work });
    return { cpuMicros: usage.cpuMicros - before.cpuMicros, kinds };
  }

  async #ask(request: UsageRequest): Promise<Extract<ServerReport, { usage: Usage }>> {
    const answer = nextReport(this.child, this.name);
    this.child.send(request);
    const report = await answer;
    if (!('usage' in report)) throw new Error(`The server ${this.name} told its port twice.`);
    return report;
  }

  /** Ends the process and waits for that. */
  async stop(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.disconnect();
    await exited;
  }
}

async function nextReport(child: ChildProcess, name: string): Promise<ServerReport> {
  const controller = new AbortController();
  try {
    return await Promise.race([
      once(child, 'message', { signal: controller.signal }).then(([report]) => report as ServerReport),
      once(child, 'exit', { signal: controller.signal }).then(([code]) => {
        throw new Error(`The server ${name} ended with code ${String(code)}: its messages stand above.`);
      }),
    ]);
  } finally {
    controller.abort();
  }
}

/** `BENCH_PROFILE=<server>` writes a CPU profile of that server into `.cache/`. */
function profileFlags(name: string): readonly string[] {
  return process.env['BENCH_PROFILE'] === name ? ['--cpu-prof', '--cpu-prof-dir=.cache'] : [];
}
