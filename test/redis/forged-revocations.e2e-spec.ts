import { createHash } from 'node:crypto';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize, WsConnectionLifecycleService, WsRevocationService } from '@secure-ws/nestjs';
import { secureWsRedis } from '@secure-ws/redis';
import { createClient } from 'redis';
import { expect, it, onTestFinished, vi } from 'vitest';
import { FakeClock } from '../support/fake-clock.js';
import { CLUSTER_KEY } from '../support/cluster-key.js';
import { connect } from '../support/queueing-client.js';
import { RedisServer } from '../support/redis-server.js';
import { type RunningApp, startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

const DATA = '{secure-ws}:revocations:data';
const LOG = '{secure-ws}:revocations:log';
const META = '{secure-ws}:revocations:meta';
const FAR = 9_000_000_000_000;
const EVER = Number.MAX_SAFE_INTEGER;

@WsAuthorize()
@WebSocketGateway({ path: '/orders' })
class OrderGateway {
  @SubscribeMessage('order')
  order(): string {
    return 'done';
  }
}

/** Somebody who can do everything to Redis, and does not know the key of the cluster. */
async function intruderAt(server: RedisServer) {
  const client = createClient({ url: server.url });
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(() => client.destroy());
  return {
    client,
    /** Writes entries as a node does, with what it makes of a seal. */
    write: async (entries: Readonly<Record<string, string>>) => {
      for (const [key, entry] of Object.entries(entries)) {
        await client.hSet(DATA, key, entry);
        await client.zAdd(LOG, { score: await client.hIncrBy(META, 'last', 1), value: key });
      }
    },
    calls: async (): Promise<number> => {
      const stats = await client.sendCommand<string>(['INFO', 'commandstats']);
      const callsOf = (name: string): number =>
        Number(new RegExp(`^cmdstat_${name}:calls=(\\d+)`, 'm').exec(stats)?.[1] ?? 0);
      return callsOf('evalsha');
    },
  };
}

async function openStore(server: RedisServer) {
  const store = await secureWsRedis({ url: server.url, clusterKey: CLUSTER_KEY });
  onTestFinished(() => store.close());
  return store;
}

/** A node whose time is moved by the test, and whose log is read when it is. */
async function startNode(server: RedisServer): Promise<RunningApp & { readonly hear: () => Promise<void> }> {
  const clock = new FakeClock();
  const store = await openStore(server);
  const app = await startApp({ providers: [OrderGateway], clock, options: { store: { shared: store } } });
  const read = vi.spyOn(store, 'revocations');
  return Object.assign(app, {
    hear: async () => {
      const before = read.mock.results.length;
      const isRead = (): boolean => {
        clock.advance(250);
        return read.mock.results.length > before;
      };
      // Not while it follows a hint.
      await vi.waitUntil(isRead);
      await Promise.all(read.mock.results.map(({ value }) => value as Promise<unknown>));
      // Whoever waited for the answer before has it now.
      await store.take('k:none');
      clock.advance(100);
    },
  });
}

const outcome = (node: RunningApp, sub: string): Promise<string> =>
  connect(`${node.url}/orders`, { token: node.token({ sub }) }).then(
    () => 'admitted',
    (error: Error) => error.name,
  );

it('DP-06 SL-04 an entry that no node has signed refuses and closes nobody, costs one more round trip, and is told', async () => {
  const server = await RedisServer.start();
  const node = await startNode(server);
  const intruder = await intruderAt(server);
  const client = await connect(`${node.url}/orders`, { token: node.token({ sub: 'alice' }) });
  // The keys of alice, as somebody who reads along sees them.
  await node.app.get(WsRevocationService).logOutSubject({ issuer: TEST_JWT.issuer, sub: 'mallory' });
  const [known = ''] = await intruder.client.hKeys(DATA);
  const subject = `subject:${JSON.stringify([TEST_JWT.issuer, 'alice'])}`;
  const key = `subject:${createHash('sha256').update(subject).digest('base64url')}`;
  expect(known).toMatch(/^subject:[\w-]{43}$/);
  const genuine = (await intruder.client.hGet(DATA, known)) ?? '';
  const before = await intruder.calls();
  expect(await outcome(node, 'alice')).toBe('admitted');
  const usual = (await intruder.calls()) - before;
  expect(usual).toBeLessThanOrEqual(2);
  await intruder.write({ [key]: genuine });
  const attacked = await intruder.calls();
  expect(await outcome(node, 'alice')).toBe('admitted');
  expect((await intruder.calls()) - attacked).toBe(usual + 1);
  for (let i = 0; i < 50; i++) await intruder.write({ [`subject:${i}`]: `${EVER} ${FAR} 1.${FAR}.${'A'.repeat(43)}` });
  await node.hear();
  expect((await client.request('order')).data).toBe('done');
  await node.hear();
  const told = node.events.ofType('ws.store.forged');
  expect(told).toMatchObject([{ what: 'revocation' }]);
});

it('SL-04 what a node has heard holds there after somebody has deleted it, or has put the end of an earlier ban in its place', async () => {
  const server = await RedisServer.start();
  const [one, other] = [await startNode(server), await startNode(server)];
  const intruder = await intruderAt(server);
  const revocations = one.app.get(WsRevocationService);
  const client = await connect(`${one.url}/orders`, { token: one.token({ sub: 'bob' }) });
  const [principal] = one.app.get(WsConnectionLifecycleService).figures();
  const bob = principal?.principal ?? '';
  const until = new Date(one.clock.now() + 3_600_000);
  await revocations.ban(bob, until);
  await client.expectClose(4505);
  await revocations.unban(bob);
  const ended = await intruder.client.hGetAll(DATA);
  await revocations.ban(bob, until);
  const banned = await intruder.client.hGetAll(DATA);
  await other.hear();
  for (const node of [one, other]) expect(await outcome(node, 'bob')).toBe('HandshakeRefused');
  await intruder.write({ ...ended });
  await other.hear();
  for (const node of [one, other]) expect(await outcome(node, 'bob')).toBe('HandshakeRefused');
  await intruder.client.flushAll();
  for (const node of [one, other]) expect(await outcome(node, 'bob')).toBe('HandshakeRefused');
  // The nodes tell a Redis that has lost its data what they know: one that starts now hears of it.
  await other.hear();
  await other.hear();
  const later = await startNode(server);
  expect(await outcome(later, 'bob')).toBe('HandshakeRefused');
  // And a ban that has ended cannot be put back.
  await revocations.unban(bob);
  await other.hear();
  await intruder.write({ ...banned });
  for (const node of [one, other]) {
    await node.hear();
    expect(await outcome(node, 'bob')).toBe('admitted');
  }
});

it('SL-04 a revocation is written over one that is forged, and reaches the others', async () => {
  const server = await RedisServer.start();
  const [writer, reader] = [await openStore(server), await openStore(server)];
  const intruder = await intruderAt(server);
  await intruder.write({
    'k:a': `${EVER} ${FAR} 1.${FAR}.${'A'.repeat(43)}`,
    'k:b': `0 ${FAR}`,
    'k:c': 'x'.repeat(1000),
  });
  await writer.revoke(['k:a', 'k:b', 'k:c'].map((key) => ({ key, issuedBefore: 1000, ttlMs: 60_000 })));
  const { entries } = await reader.revocations(undefined, 10);
  expect(entries.map(({ key, issuedBefore }) => [key, issuedBefore])).toEqual([
    ['k:a', 1000],
    ['k:b', 1000],
    ['k:c', 1000],
  ]);
});

it('SL-04 two nodes that revoke and take back at once end with what came last, at both', async () => {
  const server = await RedisServer.start();
  const stores = [await openStore(server), await openStore(server), await openStore(server), await openStore(server)];
  const dates = [1000, 2000, 3000, 4000];
  await Promise.all(
    stores.map((store, i) => store.revoke([{ key: 'k:a', issuedBefore: dates[i] ?? 0, ttlMs: 60_000 }])),
  );
  for (const store of stores) {
    expect((await store.revocations(undefined, 10)).entries).toMatchObject([{ issuedBefore: 4000 }]);
    expect(await store.admit({ identity: { keys: ['k:a'], issuedAt: 3999 } })).toMatchObject({ isRevoked: true });
    expect(await store.admit({ identity: { keys: ['k:a'], issuedAt: 4000 } })).toMatchObject({ granted: true });
  }
});
