import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { SystemClock, WsAuthorize } from '@secure-ws/nestjs';
import { secureWsRedis } from '@secure-ws/redis';
import { createClient } from 'redis';
import { expect, it, onTestFinished, vi } from 'vitest';
import { CLUSTER_KEY } from '../support/cluster-key.js';
import { FakeClock } from '../support/fake-clock.js';
import { connect } from '../support/queueing-client.js';
import { RedisServer } from '../support/redis-server.js';
import { startApp } from '../support/start-app.js';

/** When leases are renewed, and a tick of the timer. */
const RENEWED_AFTER_MS = 20_250;
const TICK_MS = 250;

@WsAuthorize()
@WebSocketGateway({ path: '/orders' })
class OrderGateway {
  @SubscribeMessage('order')
  order(): string {
    return 'done';
  }
}

/** A node whose own time stands still, so that it asks for nothing by itself, and what its server has been asked for. */
async function countedNode() {
  const server = await RedisServer.start();
  const store = await secureWsRedis({ url: server.url, clusterKey: CLUSTER_KEY });
  onTestFinished(() => store.close());
  const clock = new FakeClock(new SystemClock().now());
  const node = await startApp({ providers: [OrderGateway], clock, options: { store: { shared: store } } });
  const admin = createClient({ url: server.url });
  admin.on('error', () => undefined);
  await admin.connect();
  onTestFinished(() => admin.destroy());
  const asked = async (): Promise<number> => {
    const stats = await admin.sendCommand<string>(['INFO', 'commandstats']);
    const calls = /^cmdstat_(?:evalsha|eval):calls=(\d+)/gm;
    return [...stats.matchAll(calls)].reduce((sum, [, count]) => sum + Number(count), 0);
  };
  const logs = [vi.spyOn(store, 'revocations'), vi.spyOn(store.control, 'hear'), vi.spyOn(store.control, 'beat')];
  const ofNode = (): number => logs.reduce((sum, { mock }) => sum + mock.calls.length, 0);
  /** Lets the time pass until leases are renewed. @returns what the server was asked for meanwhile, but for what the node asks in any case. */
  const idle = async (): Promise<number> => {
    const before = (await asked()) - ofNode();
    const ticks = RENEWED_AFTER_MS / TICK_MS;
    for (let i = 0; i < ticks; i++) {
      clock.advance(TICK_MS);
      // What was asked before has been answered by then.
      await store.take('k:none');
    }
    return (await asked()) - ofNode() - before - ticks;
  };
  return { server, node, asked, idle, renew: vi.spyOn(store, 'renew') };
}

it('DP-06 a handshake costs two round trips, and a message that is waited for none', async () => {
  const { server, node, asked } = await countedNode();
  const enter = (sub: string) => connect(`${node.url}/orders`, { token: node.token({ sub }) });
  // Scripts are sent once.
  await enter('first');
  const before = await asked();
  const client = await enter('alice');
  expect((await asked()) - before).toBe(2);
  // What a budget over all nodes costs is told the store afterwards.
  server.freeze();
  for (let i = 0; i < 10; i++) expect((await client.request('order')).data).toBe('done');
  server.thaw();
});

it('DP-06 a hundred idle connections are renewed with one script', async () => {
  const { node, idle, renew } = await countedNode();
  // Scripts are sent once.
  await idle();
  expect(await idle()).toBe(0);
  for (let i = 0; i < 100; i++) await connect(`${node.url}/orders`, { token: node.token({ sub: `user-${i}` }) });
  await idle();
  expect(await idle()).toBe(1);
  expect(renew.mock.calls.map(([leases]) => leases.length)).toEqual([100, 100]);
});
