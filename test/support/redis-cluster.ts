import { randomInt } from 'node:crypto';
import { createClient, createCluster } from 'redis';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { type AtEnd, RedisServer } from './redis-server.js';

/** Below those that the machine gives to clients. */
const [FIRST_PORT, LAST_PORT] = [10_000, 32_000];

const SLOTS = 16_384;
const MEMBERS = 3;

/** Longer than a test steps the clocks: no member is taken for dead. */
const NODE_TIMEOUT_MS = 1_000_000_000;

interface Member {
  readonly server: RedisServer;
  readonly port: number;
  readonly busPort: number;
  readonly command: (...words: string[]) => Promise<string>;
}

/** A cluster of three masters, whose clocks stand still until a test moves them. */
export class RedisCluster {
  private constructor(private readonly members: readonly Member[]) {}

  /** Starts one. */
  static async start(atEnd: AtEnd): Promise<RedisCluster> {
    const members: Member[] = [];
    while (members.length < MEMBERS) members.push(await startMember(atEnd));
    const [first] = members as [Member];
    for (const [index, { command, port, busPort }] of members.entries()) {
      const [from, to] = [index, index + 1].map((each) => Math.ceil((each * SLOTS) / MEMBERS)) as [number, number];
      await command('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
      await command('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to - 1));
      if (index > 0) await first.command('CLUSTER', 'MEET', '127.0.0.1', String(port), String(busPort));
    }
    const cluster = new RedisCluster(members);
    while (!(await cluster.#isUp())) cluster.stepClock(1000);
    return cluster;
  }

  /** A client of the whole cluster, which ends with the test. */
  async open() {
    const rootNodes = this.members.map(({ port }) => ({ url: `redis://127.0.0.1:${port}` }));
    const client = createCluster({ rootNodes });
    client.on('error', () => undefined);
    await client.connect();
    onTestFinished(() => client.destroy());
    return client;
  }

  /** Moves the clock of every member. */
  stepClock(ms: number): void {
    for (const { server } of this.members) server.stepClock(ms);
  }

  /** Loses everything. */
  async flush(): Promise<void> {
    for (const { command } of this.members) await command('FLUSHALL');
  }

  /** How many keys each member holds. */
  async sizes(): Promise<readonly number[]> {
    return Promise.all(this.members.map(async ({ command }) => Number(await command('DBSIZE'))));
  }

  async #isUp(): Promise<boolean> {
    const infos = await Promise.all(this.members.map(({ command }) => command('CLUSTER', 'INFO')));
    return infos.every((info) => info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${MEMBERS}`));
  }
}

/** Starts one cluster for all tests of the file that calls this: it takes some seconds. Ask for it inside a test. */
export function sharedRedisCluster(): () => RedisCluster {
  const ends: (() => Promise<void>)[] = [];
  let running: RedisCluster | undefined;
  beforeAll(async () => {
    running = await RedisCluster.start((end) => ends.unshift(end));
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });
  return () => {
    if (running === undefined) throw new Error('The shared cluster starts before the first test, not earlier.');
    return running;
  };
}

/** The bus of a cluster has no port that can be 0: one that somebody else has is answered by the end of the server. */
async function startMember(atEnd: AtEnd): Promise<Member> {
  for (;;) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    const busPort = randomInt(FIRST_PORT, LAST_PORT);
    const args = [
      '--port',
      `${port}`,
      '--bind',
      '127.0.0.1',
      '--cluster-enabled',
      'yes',
      '--cluster-port',
      `${busPort}`,
    ];
    const options = { hasClock: true, args: [...args, '--cluster-node-timeout', `${NODE_TIMEOUT_MS}`] };
    const server = await RedisServer.start(options, atEnd).catch((error: unknown) => {
      if (/in use|bind/i.test(String(error))) return undefined;
      throw error;
    });
    if (server === undefined) continue;
    const client = createClient({ url: server.url });
    client.on('error', () => undefined);
    await client.connect();
    atEnd(async () => client.destroy());
    return { server, port, busPort, command: (...words) => client.sendCommand<string>(words) };
  }
}
