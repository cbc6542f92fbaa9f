import { randomBytes } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import type { WsConnectionLifecycleService } from '../lifecycle/ws-connection-lifecycle.service.js';
import { ClusterKey } from '../store/cluster-key.js';
import type { ControlBatch, ControlLine } from '../store/control-line.js';
import { SecureWsStoreError } from '../store/secure-ws.store.js';
import { FakeClock } from '../testing/fake-clock.js';
import { WsCluster } from './ws-cluster.js';

const KEY = ClusterKey.read(randomBytes(32), 'the test');

/** A line in memory, which answers after a turn of the event loop. */
class MemoryLine implements ControlLine {
  readonly key = KEY;
  readonly name = 'test';
  readonly messages: string[] = [];
  readonly alive = new Set<string>();
  /** How many of the messages are gone. */
  lost = 0;
  state: 'up' | 'hangs' | 'fails' = 'up';

  async say(message: string): Promise<void> {
    await this.#turn();
    this.messages.push(message);
  }

  async hear(after: string | undefined): Promise<ControlBatch> {
    await this.#turn();
    const position = String(this.messages.length);
    const isContinued = after !== undefined && Number(after) >= this.lost;
    return { messages: isContinued ? this.messages.slice(Number(after)) : [], position, isLast: true, isContinued };
  }

  async beat(node: string, ttlMs: number): Promise<readonly string[]> {
    await this.#turn();
    if (ttlMs > 0) this.alive.add(node);
    else this.alive.delete(node);
    return [...this.alive];
  }

  async #turn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.state === 'hangs') await new Promise(() => undefined);
    if (this.state === 'fails') throw new SecureWsStoreError('unavailable');
  }
}

const turns = async (): Promise<void> => {
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
};

function start(line: ControlLine, clock: FakeClock, found = 1) {
  const lifecycle = {
    count: found,
    find: () => Array.from({ length: found }),
    disconnect: vi.fn<() => number>(() => found),
  };
  const tell = { onGap: vi.fn<() => void>(), onForged: vi.fn<(what: string) => void>() };
  const cluster = new WsCluster(line, clock, lifecycle as unknown as WsConnectionLifecycleService, tell);
  return { cluster, lifecycle, ...tell };
}

/** Lets the nodes hear of each other. */
async function pass(clock: FakeClock, nodes: readonly { readonly cluster: WsCluster }[], ms = 250): Promise<void> {
  clock.advance(ms);
  for (const { cluster } of nodes) cluster.tick(clock.monotonic(), false);
  await turns();
}

describe('WsCluster', () => {
  it('SL-04 answers when all nodes have', async () => {
    const [line, clock] = [new MemoryLine(), new FakeClock()];
    const nodes = [start(line, clock, 1), start(line, clock, 2), start(line, clock, 3)] as const;
    for (let i = 0; i < 2; i++) await pass(clock, nodes);
    const counted = nodes[0].cluster.count();
    await turns();
    for (let i = 0; i < 2; i++) await pass(clock, nodes);
    expect(await counted).toMatchObject({ total: 6, missing: [] });
    expect(clock.pending).toBe(0);
  });

  it('DR-17 waits two seconds for a node that does not answer, and takes no answer that comes later', async () => {
    const [line, clock] = [new MemoryLine(), new FakeClock()];
    const [one, other] = [start(line, clock), start(line, clock)];
    for (let i = 0; i < 2; i++) await pass(clock, [one, other]);
    const closed = one.cluster.disconnect({}, 'GOING_AWAY');
    await turns();
    clock.advance(1999);
    await turns();
    clock.advance(1);
    expect(await closed).toEqual({
      total: 1,
      nodes: [{ node: one.cluster.node, count: 1 }],
      missing: [other.cluster.node],
    });
    for (let i = 0; i < 2; i++) await pass(clock, [one, other]);
    expect(other.lifecycle.disconnect).toHaveBeenCalledOnce();
  });

  it('DR-17 does its part and rejects while the store is away', async () => {
    const line = new MemoryLine();
    const { cluster, lifecycle } = start(line, new FakeClock());
    line.state = 'fails';
    await expect(cluster.disconnect({}, 'GOING_AWAY')).rejects.toBeInstanceOf(SecureWsStoreError);
    await expect(cluster.nodes()).rejects.toBeInstanceOf(SecureWsStoreError);
    expect(lifecycle.disconnect).toHaveBeenCalledOnce();
  });

  it('DR-17 leaves, and waits for a store that hangs no longer than a second', async () => {
    const [line, clock] = [new MemoryLine(), new FakeClock()];
    const [one, other] = [start(line, clock), start(line, clock)];
    for (let i = 0; i < 2; i++) await pass(clock, [one, other]);
    await one.cluster.close();
    expect(await other.cluster.nodes()).toEqual([other.cluster.node]);
    line.state = 'hangs';
    const closed = other.cluster.close();
    clock.advance(1000);
    await closed;
    await other.cluster.close();
    expect(clock.pending).toBe(0);
  });

  it('DR-17 tells of a gap once a minute', async () => {
    const [line, clock] = [new MemoryLine(), new FakeClock()];
    const node = start(line, clock);
    await pass(clock, [node]);
    for (const expected of [1, 1, 2]) {
      line.lost = Infinity;
      await pass(clock, [node], expected === 2 ? 60_000 : 250);
      expect(node.onGap).toHaveBeenCalledTimes(expected);
    }
  });

  it('DP-06 tells of messages and nodes that are none', async () => {
    const [line, clock] = [new MemoryLine(), new FakeClock()];
    const node = start(line, clock);
    await pass(clock, [node]);
    line.messages.push('x');
    line.alive.add('y');
    await pass(clock, [node]);
    expect(await node.cluster.nodes()).toEqual([node.cluster.node]);
    expect(node.onForged.mock.calls.flat()).toEqual(expect.arrayContaining(['control-message', 'node']));
  });

  it('DR-16 of more than a thousand calls at once the rest is refused', async () => {
    const [line, clock] = [new MemoryLine(), new FakeClock()];
    const [one, other] = [start(line, clock), start(line, clock)];
    for (let i = 0; i < 2; i++) await pass(clock, [one, other]);
    const calls = Array.from({ length: 1100 }, () =>
      one.cluster.count().then(
        () => 'answered',
        (error: unknown) => (error instanceof SecureWsStoreError ? error.failure : error),
      ),
    );
    await turns();
    clock.advance(2000);
    const outcomes = await Promise.all(calls);
    expect(outcomes.filter((each) => each === 'unavailable').length).toBeGreaterThanOrEqual(99);
    expect(new Set(outcomes)).toEqual(new Set(['answered', 'unavailable']));
  });
});
