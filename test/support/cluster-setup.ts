import { afterAll, beforeAll, expect } from 'vitest';
import { createClient } from 'redis';
import { type ClusterLoad, type LoadFigures } from './cluster-load.js';
import { ClusterNode } from './cluster-node.js';
import { FaultyLine } from './faulty-line.js';
import { RedisServer } from './redis-server.js';
import { TcpSplitter } from './tcp-splitter.js';

/** How long a dead node keeps its places here, in milliseconds. */
export const LEASE_MS = 3000;

/** Nodes in processes of their own, each with a line of its own to one Redis, behind one splitter. */
export class ClusterSetup {
  readonly nodes: ClusterNode[] = [];
  readonly lines: FaultyLine[] = [];
  readonly #rows: string[] = [];

  private constructor(
    readonly server: RedisServer,
    readonly splitter: TcpSplitter,
    private readonly admitWhileAwayMs: number,
  ) {}

  /** Starts one for all tests of the file that calls this. Ask for it inside a test. */
  static shared(nodes: number, admitWhileAwayMs: number): () => ClusterSetup {
    let setup: ClusterSetup | undefined;
    const ends: (() => Promise<void>)[] = [];
    beforeAll(async () => {
      const server = await RedisServer.start({}, (end) => ends.push(end));
      setup = new ClusterSetup(server, await TcpSplitter.start([]), admitWhileAwayMs);
      for (let i = 0; i < nodes; i++) setup.lines.push(await FaultyLine.open(server.path));
      setup.nodes.push(
        ...(await Promise.all(setup.lines.map((line) => setup?.startNode(line) as Promise<ClusterNode>))),
      );
      setup.split();
    });
    afterAll(async () => {
      await Promise.all(setup?.nodes.map((node) => node.kill()) ?? []);
      setup?.lines.forEach((line) => line.close());
      setup?.splitter.close();
      for (const end of ends) await end();
      // The tables of docs/guide/redis.md have these figures.
      console.log(setup?.rows.join('\n'));
    });
    return () => setup ?? expect.unreachable('the cluster starts before the first test');
  }

  get rows(): readonly string[] {
    return this.#rows;
  }

  /** Starts a node at a line. */
  startNode(line: FaultyLine): Promise<ClusterNode> {
    const { admitWhileAwayMs } = this;
    return ClusterNode.start({ url: `redis://127.0.0.1:${line.port}`, admitWhileAwayMs, leaseMs: LEASE_MS });
  }

  /** Gives connections to the nodes that there are. */
  split(): void {
    this.splitter.targets = this.nodes.map(({ port }) => port);
  }

  /** Waits until all nodes count together, hear each other, and are well. */
  async isWhole(): Promise<void> {
    for (const node of this.nodes) await node.isBack();
    for (const node of this.nodes) expect(node.isWell).toBe(true);
  }

  /** Has the server do something. */
  async command(...words: string[]): Promise<void> {
    const client = createClient({ url: this.server.url });
    client.on('error', () => undefined);
    await client.connect();
    try {
      await client.sendCommand(words);
    } finally {
      client.destroy();
    }
  }

  /** Ends the load, of which nobody lost anything; and no node went and came more than once, nor ended. */
  async judge(
    what: string,
    since: number,
    load: ClusterLoad,
    more: Readonly<Record<string, number>>,
  ): Promise<LoadFigures> {
    await this.isWhole();
    const figures = await load.stop();
    expect(figures.closed).toBe(0);
    expect(figures.came[0]).toBeUndefined();
    for (const node of this.nodes) {
      const away = node.told('ws.store.away', since);
      expect(away.length).toBeLessThanOrEqual(1);
      expect(node.told('ws.store.back', since)).toHaveLength(away.length);
    }
    this.note(what, { ...more, ...figures });
    return figures;
  }

  /** Keeps figures for the end. */
  note(what: string, figures: object): void {
    this.#rows.push(`${what}: ${JSON.stringify(figures)}`);
  }
}
