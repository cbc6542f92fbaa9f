import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { SecurityEvent } from '@secure-ws/nestjs';
import { expect, vi } from 'vitest';
import type { NodeCalls, NodeReport, NodeSetting } from '../redis/fixtures/cluster-node.js';
import { CLUSTER_KEY } from './cluster-key.js';
import { type ClientShape, handshake } from './handshake.js';
import { PATIENCE_MS } from './patience.js';
import { testToken } from './test-token.js';

const RUNNER = fileURLToPath(new URL('../e2e/fixtures/run-typescript.mjs', import.meta.url));
const NODE = fileURLToPath(new URL('../redis/fixtures/cluster-node.ts', import.meta.url));

/** Whoever logs in in these tests, and the log-in. */
export const shapeOf = (sub: string): ClientShape => ({ token: testToken({ sub, sid: `session-of-${sub}` }) });

/** One node of a cluster, in a process of its own. */
export class ClusterNode {
  /** What it told, and when, in milliseconds of this process. */
  readonly events: { readonly at: number; readonly event: SecurityEvent }[] = [];
  readonly #answers = new Map<number, (report: NodeReport) => void>();
  #lastId = 0;
  #isEnding = false;

  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
    /** As the cluster calls it. */
    readonly id: string,
  ) {
    child.on('message', (report: NodeReport) => {
      if ('event' in report) this.events.push({ at: Math.round(performance.now()), event: report.event });
      else if ('id' in report) this.#answers.get(report.id)?.(report);
    });
  }

  /** Starts one. @throws Error where it ends before it listens. */
  static async start(setting: Omit<NodeSetting, 'clusterKey'>): Promise<ClusterNode> {
    const sent: NodeSetting = { ...setting, clusterKey: CLUSTER_KEY };
    const child = fork(RUNNER, [NODE, JSON.stringify(sent)], { stdio: 'inherit' });
    const [{ port, node }] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => Promise.reject(new Error(`The node ended with ${String(code)}.`))),
    ])) as [Extract<NodeReport, { port: number }>];
    return new ClusterNode(child, port, node);
  }

  /** Where its gateway is. */
  get url(): string {
    return `ws://127.0.0.1:${this.port}/orders`;
  }

  /** Whether its process lives, or was ended by the test. */
  get isWell(): boolean {
    return this.#isEnding || (this.child.exitCode === null && this.child.signalCode === null);
  }

  /** Has it do something. @throws Error with what it threw. */
  async ask<Name extends keyof NodeCalls>(
    name: Name,
    ...args: Parameters<NodeCalls[Name]>
  ): Promise<Awaited<ReturnType<NodeCalls[Name]>>> {
    const id = ++this.#lastId;
    const answered = new Promise<NodeReport>((resolve) => this.#answers.set(id, resolve));
    this.child.send({ id, name, args });
    const report = await answered;
    this.#answers.delete(id);
    if ('failure' in report) throw new Error(report.failure);
    return (report as { readonly answer: unknown }).answer as Awaited<ReturnType<NodeCalls[Name]>>;
  }

  /** Tries to come in. @returns the status; 101 where it was let in. */
  async knock(sub: string, shape: ClientShape = shapeOf(sub)): Promise<number> {
    const answer = await handshake(this.url, shape);
    return answer === 'open' ? 101 : answer.status;
  }

  /** How often it told something since a moment. */
  told(type: SecurityEvent['type'], since = 0): readonly number[] {
    return this.events.filter(({ at, event }) => at >= since && event.type === type).map(({ at }) => at);
  }

  /** Waits until it has told something. @returns when. */
  async hasTold(type: SecurityEvent['type'], since: number): Promise<number> {
    await vi.waitUntil(() => this.told(type, since).length > 0, PATIENCE_MS);
    return this.told(type, since)[0] ?? expect.unreachable();
  }

  /** Waits until it counts with the others, and hears them. */
  async isBack(): Promise<void> {
    const isBack = async (): Promise<boolean> => {
      const { awayMs, hearsNews } = await this.ask('health');
      return awayMs === 0 && hearsNews;
    };
    await vi.waitUntil(isBack, PATIENCE_MS);
  }

  /** Stands still, until {@link go}. */
  stop(): void {
    this.child.kill('SIGSTOP');
  }

  /** Goes on. */
  go(): void {
    this.child.kill('SIGCONT');
  }

  /** Ends it in the middle of whatever it does. */
  async kill(): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }
}
