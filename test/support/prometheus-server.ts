import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { PATIENCE_MS } from './patience.js';

const NOT_INSTALLED = 'Prometheus is not installed: node tools/ensure-prometheus.mjs installs it.';

/** One sample of an answer. */
export interface QueriedSample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A Prometheus of Debian's that scrapes one application, on a port of its own, and forgets all when it ends. */
export class PrometheusServer {
  readonly #url: string;

  private constructor(url: string) {
    this.#url = url;
  }

  /**
   * Starts one that ends with the test that started it.
   *
   * @param target host and port of the application.
   * @param token what it scrapes with.
   * @param rules the text of a file of rules.
   */
  static async start(target: string, token: string, rules = 'groups: []'): Promise<PrometheusServer> {
    const folder = mkdtempSync(join(tmpdir(), 'secure-ws-prometheus-'));
    writeFileSync(join(folder, 'token'), token, { mode: 0o600 });
    writeFileSync(join(folder, 'rules.yml'), rules);
    writeFileSync(
      join(folder, 'prometheus.yml'),
      JSON.stringify({
        global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
        rule_files: ['rules.yml'],
        scrape_configs: [
          {
            job_name: 'secure-ws',
            authorization: { credentials_file: join(folder, 'token') },
            static_configs: [{ targets: [target] }],
          },
        ],
      }),
    );
    const program = spawn(
      'prometheus',
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        '--web.listen-address=127.0.0.1:0',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    onTestFinished(async () => {
      if (program.exitCode === null && program.pid !== undefined) {
        const ended = once(program, 'exit');
        program.kill('SIGKILL');
        await ended;
      }
      rmSync(folder, { recursive: true, force: true });
    });
    return new PrometheusServer(`http://${await listeningAddress(program)}`);
  }

  /** Asks with PromQL. */
  async query(expression: string): Promise<readonly QueriedSample[]> {
    const { data } = (await this.#get(`query?query=${encodeURIComponent(expression)}`)) as {
      readonly data: { readonly result: readonly { metric: Record<string, string>; value: [number, string] }[] };
    };
    return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  /** Asks until there is an answer. @throws Error that names the question, after a while. */
  async awaitQuery(expression: string): Promise<readonly QueriedSample[]> {
    const end = performance.now() + 3 * PATIENCE_MS;
    for (;;) {
      const result = await this.query(expression);
      if (result.length > 0) return result;
      if (performance.now() > end) throw new Error(`Prometheus had no answer to ${expression}.`);
    }
  }

  /** What it says of the application that it scrapes. */
  async target(): Promise<{ readonly health: string; readonly lastError: string }> {
    const { data } = (await this.#get('targets')) as {
      readonly data: { readonly activeTargets: readonly [{ health: string; lastError: string }] };
    };
    return data.activeTargets[0];
  }

  async #get(path: string): Promise<unknown> {
    const response = await fetch(`${this.#url}/api/v1/${path}`);
    if (!response.ok) throw new Error(`Prometheus answered ${response.status}: ${await response.text()}`);
    return response.json();
  }
}

async function listeningAddress(program: ChildProcess): Promise<string> {
  const said: string[] = [];
  return new Promise((resolve, reject) => {
    program.stderr?.on('data', (chunk: Buffer) => {
      said.push(chunk.toString());
      const text = said.join('');
      const [, address] = /msg="Listening on" address=(\S+)/.exec(text) ?? [];
      if (address !== undefined && text.includes('Server is ready to receive web requests.')) resolve(address);
    });
    program.once('error', (cause) => reject(new Error(NOT_INSTALLED, { cause })));
    program.once('exit', (code) => reject(new Error(`Prometheus ended with ${code}: ${said.join('')}`)));
  });
}

/** What `promtool` says; it is Prometheus' own judge of metrics and rules. @param input what it reads. */
export function promtool(args: readonly string[], input = ''): { readonly status: number; readonly output: string } {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  if (error !== undefined) throw new Error(NOT_INSTALLED, { cause: error });
  return { status: status ?? -1, output: `${stdout}${stderr}` };
}
