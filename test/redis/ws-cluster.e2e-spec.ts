import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  type Clock,
  SystemClock,
  WsAuthorize,
  WsCluster,
  WsConnectionLifecycleService,
  WsRevocationService,
} from '@secure-ws/nestjs';
import { secureWsRedis } from '@secure-ws/redis';
import { createClient } from 'redis';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CLUSTER_KEY } from '../support/cluster-key.js';
import { FakeClock } from '../support/fake-clock.js';
import { connect } from '../support/queueing-client.js';
import { redisContents } from '../support/redis-contents.js';
import { RedisServer } from '../support/redis-server.js';
import { type RunningApp, startApp } from '../support/start-app.js';

const STREAM = '{secure-ws}:control:stream';
const META = '{secure-ws}:control:meta';

@WsAuthorize()
@WebSocketGateway({ path: '/orders' })
class OrderGateway {
  @SubscribeMessage('order')
  order(): string {
    return 'done';
  }
}

/** Waits for answers as long as it takes: the machine that runs the tests may be as busy as it likes. */
class PatientClock extends SystemClock {
  override after(delayMs: number, run: () => void): () => void {
    return delayMs === 2000 ? () => undefined : super.after(delayMs, run);
  }
}

type Node = RunningApp & { readonly cluster: WsCluster; readonly lose: () => void };

async function startNode(server: RedisServer, clock: Clock = new PatientClock()): Promise<Node> {
  const store = await secureWsRedis({ url: server.url, clusterKey: CLUSTER_KEY });
  onTestFinished(() => store.close());
  const app = await startApp({
    providers: [OrderGateway],
    options: { store: { shared: store } },
    clock,
  });
  return Object.assign(app, { cluster: app.app.get(WsCluster), lose: () => store.close() });
}

async function startNodes(server: RedisServer, clock?: Clock): Promise<readonly [Node, Node]> {
  const nodes = [await startNode(server, clock), await startNode(server, clock)] as const;
  const [one, other] = nodes;
  await vi.waitUntil(async () => (await one.cluster.nodes()).includes(other.cluster.node), 10_000);
  return nodes;
}

const enter = (node: RunningApp, sub: string) =>
  connect(`${node.url}/orders`, { token: node.token({ sub, sid: `session-of-${sub}` }) });

/** Somebody who can do everything to Redis, and does not know the key of the cluster. */
async function intruderAt(server: RedisServer) {
  const client = createClient({ url: server.url });
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(() => client.destroy());
  return Object.assign(client, {
    say: async (m: string) => client.xAdd(STREAM, `${await client.hIncrBy(META, 'last', 1)}-0`, { m }),
  });
}

const principalOf = (node: RunningApp): string =>
  node.app.get(WsConnectionLifecycleService).figures()[0]?.principal ?? expect.unreachable('nobody is connected');

describe('WsCluster over two nodes', () => {
  it('SL-04 counts, finds and closes connections of both, and says which node has them', async () => {
    const [one, other] = await startNodes(await RedisServer.start());
    const clients = [await enter(one, 'alice'), await enter(other, 'alice'), await enter(other, 'bob')] as const;
    expect(await one.cluster.count()).toEqual({
      total: 3,
      nodes: [
        { node: one.cluster.node, count: 1 },
        { node: other.cluster.node, count: 2 },
      ],
      missing: [],
    });
    const principal = principalOf(one);
    const found = await other.cluster.find({ principal });
    expect(found).toMatchObject({ total: 2, missing: [] });
    expect(new Set(found.connections.map(({ node }) => node))).toEqual(new Set([one.cluster.node, other.cluster.node]));
    expect(found.connections.every((each) => each.principal === principal && each.path === '/orders')).toBe(true);
    expect(await one.cluster.disconnect({ principal }, 'LOGGED_OUT')).toMatchObject({ total: 2, missing: [] });
    for (const client of clients.slice(0, 2)) await client.expectClose(4512);
    expect((await clients[2].request('order')).data).toBe('done');
    expect(await one.cluster.disconnect({ principal: undefined as never }, 'LOGGED_OUT')).toMatchObject({ total: 0 });
    expect(await one.cluster.revalidate({ path: '/orders' })).toMatchObject({ total: 1 });
    expect(await one.cluster.reconnect({ path: '/orders' })).toMatchObject({ total: 1 });
    await clients[2].expectClose(4003);
  });

  it('DR-21 takes one node out of service, whoever is asked to', async () => {
    const [one, other] = await startNodes(await RedisServer.start());
    const [stays, leaves] = [await enter(one, 'alice'), await enter(other, 'alice')];
    const { node } = other.cluster;
    expect(await one.cluster.drain({ node })).toEqual({ total: 1, nodes: [{ node, count: 1 }], missing: [] });
    await leaves.expectClose(1012);
    expect((await stays.request('order')).data).toBe('done');
    expect(one.app.get(WsConnectionLifecycleService).isDraining).toBe(false);
    await expect(one.cluster.drain({ node: '' })).rejects.toThrow(/takes the id of a node/);
    await other[Symbol.asyncDispose]();
    expect(await one.cluster.nodes()).toEqual([one.cluster.node]);
  });

  it('DP-06 believes nothing that no node has said, and nothing twice', async () => {
    const server = await RedisServer.start();
    const [one, other] = await startNodes(server);
    const intruder = await intruderAt(server);
    const first = await enter(other, 'alice');
    expect(await one.cluster.disconnect({ path: '/orders' }, 'GOING_AWAY')).toMatchObject({ total: 1 });
    await first.expectClose(1001);
    const [asked] = (await intruder.xRange(STREAM, '-', '+')) ?? [];
    const genuine = asked?.message['m'] ?? '';
    const client = await enter(other, 'alice');
    await intruder.say(genuine);
    await intruder.say(genuine.replace(/\.ask\./, '.answer.'));
    await intruder.say('x'.repeat(300_000));
    await intruder.zAdd('{secure-ws}:control:nodes', { score: 9e15, value: `${'A'.repeat(22)}.${'A'.repeat(43)}` });
    // What stands behind it is answered: it has been read by then.
    expect(await one.cluster.count()).toMatchObject({ total: 1, missing: [] });
    expect((await client.request('order')).data).toBe('done');
    expect(await one.cluster.nodes()).toHaveLength(2);
    await other.events.seen('ws.store.forged');
    expect(other.events.ofType('ws.store.forged').map(({ what }) => what)).toContain('control-message');
  });

  it('DR-17 says that messages are gone, and goes on', async () => {
    const server = await RedisServer.start();
    const [one, other] = await startNodes(server, new SystemClock());
    const intruder = await intruderAt(server);
    const isAnswered = async (): Promise<boolean> => (await one.cluster.count()).missing.length === 0;
    await vi.waitUntil(isAnswered, 20_000);
    await intruder.del(STREAM);
    await intruder.hIncrBy(META, 'last', 3);
    for (const node of [one, other]) await node.events.seen('ws.cluster.gap');
    await vi.waitUntil(isAnswered, 20_000);
    // Something behind which no message can be added: what is said next is lost, and what comes after that is not.
    await intruder.xAdd(STREAM, '9000000000000000-0', { m: 'x' });
    expect(await vi.waitUntil(isAnswered, 20_000)).toBe(true);
  });

  it('DR-17 names a node that does not answer, after two seconds', async () => {
    const server = await RedisServer.start();
    const clock = new FakeClock(Date.now());
    const [one, other] = [await startNode(server, clock), await startNode(server)] as const;
    await vi.waitUntil(async () => (await one.cluster.nodes()).includes(other.cluster.node), 10_000);
    const intruder = await intruderAt(server);
    other.lose();
    const said = await intruder.xLen(STREAM);
    const counted = one.cluster.count();
    await vi.waitUntil(async () => (await intruder.xLen(STREAM)) > said);
    clock.advance(2000);
    expect(await counted).toMatchObject({ total: 0, missing: [other.cluster.node] });
  });

  it('DP-06 nothing of a user stands in Redis as it is', async () => {
    const server = await RedisServer.start();
    const [one, other] = await startNodes(server);
    const client = await enter(other, 'alice-the-first');
    await client.request('order');
    const principal = principalOf(other);
    await one.cluster.find({ principal, sessionId: 'session-of-alice-the-first' });
    await one.app.get(WsRevocationService).ban(principal, new Date(Date.now() + 60_000));
    await client.expectClose(4505);
    const contents = await redisContents(server.url);
    expect(contents).toContain('.ask.');
    for (const secret of ['alice', 'session-of', '127.0.0.1', CLUSTER_KEY]) expect(contents).not.toContain(secret);
  });
});

it('answers for its node alone where no store is shared', async () => {
  const node = await startApp({ providers: [OrderGateway] });
  const cluster = node.app.get(WsCluster);
  const client = await enter(node, 'alice');
  expect(await cluster.nodes()).toEqual([cluster.node]);
  expect(await cluster.count()).toEqual({ total: 1, nodes: [{ node: cluster.node, count: 1 }], missing: [] });
  expect(await cluster.drain({ node: 'another' })).toEqual({ total: 0, nodes: [], missing: ['another'] });
  expect(await cluster.disconnect({}, 'GOING_AWAY')).toMatchObject({ total: 1 });
  await client.expectClose(1001);
});
