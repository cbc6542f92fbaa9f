import { afterAll, beforeAll } from 'vitest';
import { createClient } from 'redis';
import type { ClusterLoad } from './cluster-load.js';
import { ClusterNode } from './cluster-node.js';
import { FaultyLine } from './faulty-line.js';
import { RedisServer } from './redis-server.js';
import { TcpSplitter } from './tcp-splitter.js';

/** How long a dead node keeps its places here, in milliseconds. */
export const LEASE_MS = 3000;

/** What became of a cluster while something failed. */
export interface ClusterVerdict {
  /** Connections that ended, and handshakes that were not answered. */
  readonly lost: number;
  /** Nodes that counted Redis as away more than once, or still do. */
  readonly flapped: number;
  /** How those who came were answered. */
  readonly came: readonly string[];
}

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
      setup?.tell();
    });
    return () => {
      if (setup === undefined) throw new Error('The cluster starts before the first test, not earlier.');
      return setup;
    };
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
    if (!this.nodes.every((node) => node.isWell)) throw new Error('The process of a node has ended.');
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

  /** Ends the load when everything is as it was, and says what became of it. */
  async judge(
    what: string,
    since: number,
    load: ClusterLoad,
    more: Readonly<Record<string, number>>,
  ): Promise<ClusterVerdict> {
    await this.isWhole();
    const figures = await load.stop();
    this.note(what, { ...more, ...figures });
    const outages = this.nodes.map((node) => [
      node.told('ws.store.away', since).length,
      node.told('ws.store.back', since).length,
    ]);
    const flapped = outages.filter(([away = 0, back = 0]) => away > 1 || away !== back).length;
    return { lost: figures.closed + (figures.came[0] ?? 0), flapped, came: Object.keys(figures.came) };
  }

  /** Prints the figures. The tables of docs/guide/redis.md have them. */
  tell(): void {
    process.stdout.write(`${this.#rows.join('\n')}\n`);
  }

  /** Keeps figures for the end. */
  note(what: string, figures: object): void {
    this.#rows.push(`${what}: ${JSON.stringify(figures)}`);
  }
}
