import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize, WsCluster, WsConnectionLifecycleService, WsRevocationService } from '@secure-ws/nestjs';
import { secureWsRedis } from '@secure-ws/redis';
import { createClient } from 'redis';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CLUSTER_KEY } from '../support/cluster-key.js';
import { FakeClock } from '../support/fake-clock.js';
import { PATIENCE_MS } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { RedisServer } from '../support/redis-server.js';
import { type RunningApp, startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

const NEWS = '{secure-ws}:news';

@WsAuthorize()
@WebSocketGateway({ path: '/orders' })
class OrderGateway {
  @SubscribeMessage('order')
  order(): string {
    return 'done';
  }
}

async function openClient(server: RedisServer) {
  const client = createClient({ url: server.url });
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(() => client.destroy());
  return client;
}

/** A node whose own time stands still: it asks Redis for nothing by itself, so that whatever it hears was told it. */
async function startNode(server: RedisServer) {
  const store = await secureWsRedis({ url: server.url, clusterKey: CLUSTER_KEY });
  onTestFinished(() => store.close());
  const clock = new FakeClock(Date.now());
  const app = await startApp({ providers: [OrderGateway], options: { store: { shared: store } }, clock });
  // Reads until it hears, and says that it lives.
  const meet = async (): Promise<void> => {
    const hears = (): boolean => {
      clock.advance(250);
      return store.hearsNews;
    };
    await vi.waitUntil(hears, PATIENCE_MS);
  };
  await meet();
  return Object.assign(app, { store, clock, meet, cluster: app.app.get(WsCluster) });
}

type Node = Awaited<ReturnType<typeof startNode>>;

async function startNodes(server: RedisServer): Promise<readonly [Node, Node]> {
  const [one, other] = [await startNode(server), await startNode(server)] as const;
  await vi.waitUntil(async () => (await one.cluster.nodes()).includes(other.cluster.node), PATIENCE_MS);
  return [one, other];
}

const enter = (node: RunningApp, sub: string) =>
  connect(`${node.url}/orders`, { token: node.token({ sub, sid: `session-of-${sub}` }) });

const keyOf = (node: RunningApp): string =>
  node.app.get(WsConnectionLifecycleService).figures()[0]?.principal ?? expect.unreachable('nobody is connected');

const ban = (node: RunningApp, principal: string) =>
  node.app.get(WsRevocationService).ban(principal, new Date(node.clock.now() + 60_000));

describe('nodes whose time stands still', () => {
  it('SL-04 a ban, a log-out and a disconnect are heard at once', async () => {
    const [one, other] = await startNodes(await RedisServer.start());
    const banned = await enter(other, 'alice');
    await ban(one, keyOf(other));
    await banned.expectClose(4505);
    const loggedOut = await enter(other, 'bob');
    const { issuer } = TEST_JWT;
    await one.app.get(WsRevocationService).logOut({ issuer, sessionId: 'session-of-bob' });
    await loggedOut.expectClose(4512);
    const cutOff = await enter(other, 'carol');
    expect(await one.cluster.disconnect({ path: '/orders' }, 'GOING_AWAY')).toMatchObject({ total: 1, missing: [] });
    await cutOff.expectClose(1001);
  });

  it('SL-04 what was said while a node did not hear is heard when it hears again', async () => {
    const server = await RedisServer.start();
    const [one, other] = await startNodes(server);
    const admin = await openClient(server);
    const client = await enter(other, 'alice');
    const subscriptions = (): Promise<unknown> => admin.pubSubNumSub(NEWS);
    expect(await subscriptions()).toEqual({ [NEWS]: 2 });
    await admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub']);
    await ban(one, keyOf(other));
    await client.expectClose(4505);
    await vi.waitUntil(async () => JSON.stringify(await subscriptions()).includes('2'), PATIENCE_MS);
  });

  it('SL-04 DR-17 a node that may not subscribe hears by reading, and by itself again when it may', async () => {
    const server = await RedisServer.start();
    const [one, other] = await startNodes(server);
    const admin = await openClient(server);
    const [first, second] = [await enter(other, 'alice'), await enter(other, 'bob')];
    const [alice, bob] = other.app.get(WsConnectionLifecycleService).figures();
    await admin.sendCommand(['ACL', 'SETUSER', 'default', 'resetchannels']);
    const isDeaf = (): boolean => {
      other.clock.advance(250);
      return !other.store.hearsNews;
    };
    await vi.waitUntil(isDeaf, PATIENCE_MS);
    // Nobody may publish either: what is written stands there all the same.
    await ban(one, alice?.principal ?? '');
    other.clock.advance(250);
    await first.expectClose(4505);
    await admin.sendCommand(['ACL', 'SETUSER', 'default', 'allchannels']);
    await other.meet();
    await ban(one, bob?.principal ?? '');
    expect(await second.expectClose(4505)).toMatchObject({ code: 4505 });
  });

  it('DP-06 a thousand false hints have a node read ten times', async () => {
    const server = await RedisServer.start();
    const node = await startNode(server);
    const admin = await openClient(server);
    const read = vi.spyOn(node.store, 'revocations');
    for (let i = 0; i < 1000; i++) await admin.publish(NEWS, 'revocations');
    // What is published later comes later.
    const client = await enter(node, 'alice');
    expect((await client.request('order')).data).toBe('done');
    expect(read.mock.calls.length).toBeLessThanOrEqual(10);
    expect(read.mock.calls.length).toBeGreaterThan(0);
  });
});

it('SL-04 a client that cannot be had twice is asked four times a second', async () => {
  const server = await RedisServer.start();
  const client = await openClient(server);
  const plain = {
    evalSha: client.evalSha.bind(client),
    eval: client.eval.bind(client),
    listenerCount: () => 1,
  };
  const store = await secureWsRedis({ client: plain, clusterKey: CLUSTER_KEY });
  const clock = new FakeClock(Date.now());
  const node = await startApp({ providers: [OrderGateway], options: { store: { shared: store } }, clock });
  const one = await startNode(server);
  const alice = await enter(node, 'alice');
  await ban(one, keyOf(node));
  clock.advance(250);
  await alice.expectClose(4505);
  expect(store.hearsNews).toBe(false);
});
