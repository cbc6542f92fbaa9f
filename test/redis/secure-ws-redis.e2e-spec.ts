import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize, WsRevocationService } from '@secure-ws/nestjs';
import { SecureWsStoreError } from '@secure-ws/nestjs/store';
import { type RedisStore, secureWsRedis, type SecureWsRedisOptions, type SecureWsRedisPlace } from '@secure-ws/redis';
import { createClient } from 'redis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CLUSTER_KEY } from '../support/cluster-key.js';
import { watchForCrashes } from '../support/crash-watch.js';
import { connect } from '../support/queueing-client.js';
import { RedisServer } from '../support/redis-server.js';
import { type RunningApp, startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

const RULES = [{ name: 'test', limit: 2, ttl: 60_000 }];

/** A client of the application's own. */
async function openClient(url: string, listens = true) {
  const client = createClient({ url });
  if (listens) client.on('error', () => undefined);
  await client.connect();
  onTestFinished(() => client.destroy());
  return client;
}

async function openStore(options: SecureWsRedisPlace & Partial<SecureWsRedisOptions>) {
  const store = await secureWsRedis({ clusterKey: CLUSTER_KEY, ...options });
  onTestFinished(() => store.close());
  return store;
}

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no failure',
    (error: unknown) => error,
  );

describe('secureWsRedis()', () => {
  it.each<readonly [what: string, options: (url: string) => object, says: RegExp]>([
    ['neither a url nor a client', () => ({}), /either a url or a client/],
    ['both', (url) => ({ url, client: {} }), /either a url or a client/],
    ['an option that it does not know', (url) => ({ url, prefx: 'a' }), /knows no option prefx/],
    ['a prefix that would end the hash tag', (url) => ({ url, prefix: 'a}b' }), /The prefix of secureWsRedis\(\)/],
    ['a client of something else', () => ({ client: {} }), /must be one of the redis package/],
    ['a url that is none', () => ({ url: 6379 }), /The url of secureWsRedis\(\)/],
    [
      'no key of the cluster',
      (url) => ({ url, clusterKey: undefined }),
      /The clusterKey of secureWsRedis\(\) is missing/,
    ],
  ])('HS-01 refuses %s', async (_what, options, says) => {
    const server = await RedisServer.start();
    expect(
      String(await failure(secureWsRedis({ clusterKey: CLUSTER_KEY, ...options(server.url) } as SecureWsRedisOptions))),
    ).toMatch(says);
  });

  it('DR-17 does not start without its server, and says nothing of the password', async () => {
    const error = (await failure(
      secureWsRedis({ url: 'unix://user:hunter2@/nowhere/redis.sock', clusterKey: CLUSTER_KEY }),
    )) as Error;
    expect(error.message).toContain('Redis cannot be reached');
    expect(error.message).not.toContain('hunter2');
  });

  it('SL-04 refuses a server that may throw revocations away', async () => {
    const server = await RedisServer.start({ args: ['--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru'] });
    expect(String(await failure(secureWsRedis({ url: server.url, clusterKey: CLUSTER_KEY })))).toMatch(
      /maxmemory-policy allkeys-lru.*noeviction/s,
    );
  });

  it('DR-17 refuses a client that is not connected, or whose lost connection would end the process', async () => {
    const server = await RedisServer.start();
    const closed = createClient({ url: server.url });
    expect(String(await failure(secureWsRedis({ client: closed, clusterKey: CLUSTER_KEY })))).toContain(
      'await client.connect() first',
    );
    const deaf = await openClient(server.url, false);
    expect(String(await failure(secureWsRedis({ client: deaf, clusterKey: CLUSTER_KEY })))).toContain(
      "client.on('error', ...)",
    );
  });

  it('uses the client of the application, and leaves it open', async () => {
    const server = await RedisServer.start();
    const client = await openClient(server.url);
    const store = await openStore({ client });
    expect(await store.hit('k:a', RULES)).toBe(0);
    store.close();
    expect(await client.ping()).toBe('PONG');
  });

  it('applications with different prefixes do not meet', async () => {
    const server = await RedisServer.start();
    const [one, other, same] = [
      await openStore({ url: server.url, prefix: 'one' }),
      await openStore({ url: server.url, prefix: 'other' }),
      await openStore({ url: server.url, prefix: 'one' }),
    ];
    expect(await one.hit('k:a', RULES, 2)).toBe(0);
    expect(await other.hit('k:a', RULES, 2)).toBe(0);
    expect(await same.hit('k:a', RULES)).toBeGreaterThan(0);
  });

  it('DR-16 says that it is full where the server has no memory left, and forgets nothing', async () => {
    const server = await RedisServer.start({ args: ['--maxmemory', '3mb', '--maxmemory-policy', 'noeviction'] });
    const store = await openStore({ url: server.url });
    await store.put('ticket:first', 'value', 60_000);
    const fill = async (): Promise<unknown> => {
      for (let i = 0; i < 10_000; i++) await store.put(`ticket:${i}`, 'x'.repeat(4096), 60_000);
      return 'room for everything';
    };
    expect(await failure(fill())).toMatchObject({ name: 'SecureWsStoreError', failure: 'full' });
    expect(await store.take('ticket:first')).toBe('value');
  });

  it('DR-17 has no answer while its server is gone, and answers after it has come back empty', async () => {
    const crashes = watchForCrashes();
    const server = await RedisServer.start();
    const store = await openStore({ url: server.url });
    await store.revoke([{ key: 'k:a', issuedBefore: 1000, ttlMs: 60_000 }]);
    const { position } = await store.revocations(undefined, 10);
    await server.kill();
    expect(await failure(store.hit('k:a', RULES))).toMatchObject({ failure: 'unavailable' });
    await server.start();
    for (let answer: unknown; answer !== 'no failure'; answer = await failure(store.hit('k:a', RULES))) {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
    // Its scripts were lost with everything else.
    expect(await store.revocations(position, 10)).toMatchObject({ entries: [], isContinued: false });
    expect(crashes).toEqual([]);
  });

  it('SL-04 tells that a server which took over may lack revocations', async () => {
    const server = await RedisServer.start();
    const store = await openStore({ url: server.url });
    const admin = await openClient(server.url);
    await store.revoke([{ key: 'k:a', issuedBefore: 1000, ttlMs: 60_000 }]);
    const { position } = await store.revocations(undefined, 10);
    expect(await store.revocations(position, 10)).toMatchObject({ isContinued: true });
    // What a fail-over does to the one that takes over.
    await admin.sendCommand(['REPLICAOF', '127.0.0.1', '1']);
    await admin.sendCommand(['REPLICAOF', 'NO', 'ONE']);
    expect(await store.revocations(position, 10)).toMatchObject({
      isContinued: false,
      entries: [{ issuedBefore: 1000 }],
    });
  });
});

@WsAuthorize()
@WebSocketGateway({ path: '/orders' })
class OrderGateway {
  @SubscribeMessage('order')
  order(): string {
    return 'done';
  }
}

type Node = RunningApp & { readonly store: RedisStore };

/** Nodes of one application. */
async function startNodes(count: number, server: RedisServer): Promise<readonly Node[]> {
  const nodes: Node[] = [];
  for (let i = 0; i < count; i++) {
    const store = await openStore({ url: server.url });
    const app = await startApp({
      providers: [OrderGateway],
      options: {
        store: { shared: store },
        handshake: { limits: { maxOpenPerPrincipal: 2 } },
        throttling: { principal: [{ limit: 3, ttl: 60_000 }] },
      },
    });
    nodes.push(Object.assign(app, { store }));
  }
  return nodes;
}

describe('nodes that share a store', () => {
  it('DR-05 a limit of a principal holds over all of them', async () => {
    const nodes = await startNodes(2, await RedisServer.start());
    for (const [index, expected] of [
      ['order', 'order', 'order', 'error'],
      ['order', 'error'],
    ].entries()) {
      const { url, token, store } = nodes[index] as Node;
      const client = await connect(`${url}/orders`, { token: token({}) });
      const answers: string[] = [];
      while (answers.length < expected.length) {
        client.send('order');
        answers.push((await client.next()).event);
        // A node decides alone, and hears from the store afterwards: it has, when a later question is answered.
        await store.take('k:none');
      }
      expect(answers).toEqual(expected);
    }
  });

  it('DR-03 the connections of a principal are counted over all of them, and come back', async () => {
    const [first, second] = (await startNodes(2, await RedisServer.start())) as unknown as [Node, Node];
    const token = first.token({ sub: 'bob' });
    const one = await connect(`${first.url}/orders`, { token });
    await connect(`${second.url}/orders`, { token });
    for (const { url } of [first, second]) {
      await expect(connect(`${url}/orders`, { token })).rejects.toMatchObject({ name: 'HandshakeRefused' });
    }
    await one.close();
    await connect(`${second.url}/orders`, { token: first.token({ sub: 'carol' }) });
    let again: unknown;
    while (again === undefined) again = await connect(`${second.url}/orders`, { token }).catch(() => undefined);
  });

  it('SL-04 a revocation reaches every node, and nobody is admitted anywhere after it', async () => {
    const nodes = await startNodes(2, await RedisServer.start());
    const [first, second] = nodes as unknown as [Node, Node];
    const token = first.token({ sub: 'alice' });
    const client = await connect(`${second.url}/orders`, { token });
    await first.app.get(WsRevocationService).logOutSubject({ issuer: TEST_JWT.issuer, sub: 'alice' });
    await client.expectClose(4512);
    for (const { url } of [first, second]) {
      await expect(connect(`${url}/orders`, { token })).rejects.toMatchObject({ name: 'HandshakeRefused' });
    }
  });

  it('DP-06 nothing of a user stands in Redis as it is', async () => {
    const server = await RedisServer.start();
    const [node] = (await startNodes(1, server)) as unknown as [Node];
    const client = await connect(`${node.url}/orders`, {
      token: node.token({ sub: 'alice-the-first', sid: 'session-77' }),
    });
    await client.request('order');
    const admin = await openClient(server.url);
    const keys = await admin.keys('*');
    const values = await Promise.all(keys.map(async (key) => [key, await admin.dump(key)]));
    const all = JSON.stringify(values);
    expect(keys.length).toBeGreaterThan(2);
    for (const secret of ['alice-the-first', 'session-77', '127.0.0.1']) expect(all).not.toContain(secret);
  });
});

describe('SecureWsStoreError', () => {
  it('is what the store throws when it is closed', async () => {
    const server = await RedisServer.start();
    const store = await openStore({ url: server.url });
    store.close();
    expect(await failure(store.hit('k:a', RULES))).toBeInstanceOf(SecureWsStoreError);
  });
});
