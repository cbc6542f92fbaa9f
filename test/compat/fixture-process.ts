import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { TEST_JWT } from '../support/test-token.js';
import { cleanEnvironment } from './run.js';
import { type Fixture, folderOf } from './fixtures.js';

/** HTTP platforms of Nest. */
export type Platform = 'express' | 'fastify';

/** How a fixture is started. */
export interface FixtureShape {
  readonly fixture: Fixture;
  readonly platform: Platform;
  /** @default 'plain' */
  readonly variant?: 'plain' | 'ws-adapter' | 'other-adapter' | 'undecided' | 'request-scoped';
  /** Options of Node. @default none */
  readonly nodeOptions?: readonly string[];
}

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A fixture in a process of its own. */
export class FixtureProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<ProcessEnd>;
  #output = '';

  constructor({ fixture, platform, variant = 'plain', nodeOptions = [] }: FixtureShape) {
    this.#child = spawn(process.execPath, [...nodeOptions, 'dist/main.js'], {
      cwd: folderOf(fixture),
      env: {
        ...cleanEnvironment(),
        NO_COLOR: '1',
        COMPAT_PLATFORM: platform,
        COMPAT_VARIANT: variant,
        COMPAT_SECRET: TEST_JWT.secret,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString();
        this.#child.emit('output');
      });
    }
    this.#ended = once(this.#child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
    }));
  }

  /** Everything that it has written. */
  get output(): string {
    return this.#output;
  }

  /** Whether it still runs. */
  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Waits until it listens. @throws Error with its output when it does not start. */
  async listening(): Promise<{ readonly port: number; readonly ownPort: number }> {
    const line = await this.#seen(/^\{"listening":.*$/m);
    return (JSON.parse(line) as { listening: { port: number; ownPort: number } }).listening;
  }

  /** Waits for its end. */
  ended(): Promise<ProcessEnd> {
    return this.#ended;
  }

  /** Sends it a signal. */
  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  #seen(pattern: RegExp): Promise<string> {
    return new Promise<string>((resolve, reject) => {
      const look = (): void => {
        const [match] = pattern.exec(this.#output) ?? [];
        if (match !== undefined) resolve(match);
      };
      this.#child.on('output', look);
      look();
      void this.#ended.then(({ code }) => {
        reject(new Error(`The fixture ended with ${code} before it listened:\n${this.#output}`));
      });
    });
  }
}
