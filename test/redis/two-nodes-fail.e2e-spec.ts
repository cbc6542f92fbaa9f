import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ClusterLoad } from '../support/cluster-load.js';
import { type ClusterNode, shapeOf } from '../support/cluster-node.js';
import { ClusterSetup, LEASE_MS } from '../support/cluster-setup.js';
import { handshake } from '../support/handshake.js';
import { PATIENCE_MS } from '../support/patience.js';
import { type Client, connect } from '../support/queueing-client.js';

const cluster = ClusterSetup.shared(2, 0);

/** Nobody lost anything, and nothing went and came more than once. */
const UNHARMED = { lost: 0, flapped: 0 };

const now = (): number => Math.round(performance.now());

const enter = (node: ClusterNode, sub: string): Promise<Client> => connect(node.url, shapeOf(sub));

/** Comes in as soon as there is a place. */
async function enterWhenFree(node: ClusterNode, sub: string): Promise<Client> {
  const tryIt = async (): Promise<Client | undefined> => enter(node, sub).catch(() => undefined);
  return vi.waitUntil(tryIt, { timeout: PATIENCE_MS, interval: 100 });
}

const sessionOf = (sub: string): string => `session-of-${sub}`;

/** Two nodes, and what was done at the first. */
function pair(): readonly [ClusterNode, ClusterNode] {
  const [one, other] = cluster().nodes;
  return [one ?? expect.unreachable(), other ?? expect.unreachable()];
}

/** When a connection was closed by a log-out. */
async function loggedOutAt(client: Client): Promise<number> {
  await client.expectClose(4512);
  return now();
}

/** Nobody is let in who was logged out, at any node. */
async function expectKeptOut(...subs: readonly string[]): Promise<void> {
  for (const sub of subs) for (const node of cluster().nodes) expect(await node.knock(sub)).not.toBe(101);
}

describe('two nodes that admit nobody without Redis', { timeout: 60_000 }, () => {
  it('SL-04 DP-06 a log-out or a disconnect at one node closes at the other within a second', async () => {
    const [one, other] = pair();
    await cluster().isWhole();
    const took: number[] = [];
    for (let i = 0; i < 9; i++) {
      const client = await enter(other, `early-${i}`);
      const at = now();
      const closed = loggedOutAt(client);
      await one.ask('logOut', sessionOf(`early-${i}`));
      took.push((await closed) - at);
    }
    const cutOff = await enter(other, 'cut-off');
    expect(await one.ask('disconnect', sessionOf('cut-off'))).toEqual([]);
    await cutOff.expectClose(1001);
    took.sort((a, b) => a - b);
    expect(took[4]).toBeLessThan(1000);
    cluster().note('nothing fails', { medianMs: took[4], longestMs: took[8] });
    await expectKeptOut('early-0', 'early-8');
  });

  it('J26 DP-06 of fifty who use one ticket at both nodes at once, one comes in', async () => {
    const [one] = pair();
    const ticket = await one.ask('ticket', 'ticket-holder');
    const use = () => handshake(cluster().splitter.url, { headers: { Authorization: `Ticket ${ticket}` } });
    const answers = await Promise.all(Array.from({ length: 50 }, use));
    expect(answers.filter((answer) => answer === 'open')).toHaveLength(1);
  });

  it('DR-17 SL-04 J26 Redis is paused under load', async () => {
    const [one, other] = pair();
    await one.ask('logOut', sessionOf('logged-out-before'));
    const client = await enter(other, 'paused');
    const ticket = await one.ask('ticket', 'paused-ticket');
    const load = await ClusterLoad.start(cluster().splitter.url, 'pause');
    const since = now();
    await cluster().command('CLIENT', 'PAUSE', '4000', 'ALL');
    const closed = loggedOutAt(client);
    await expect(one.ask('logOut', sessionOf('paused'))).rejects.toThrow(/did not answer/);
    await expectKeptOut('paused', 'logged-out-before', 'somebody');
    const use = () => handshake(cluster().splitter.url, { headers: { Authorization: `Ticket ${ticket}` } });
    for (const answer of await Promise.all([use(), use()])) expect(answer).not.toBe('open');
    const away = (await other.hasTold('ws.store.away', since)) - since;
    const back = (await other.hasTold('ws.store.back', since)) - since - 4000;
    const revoked = (await closed) - since - 4000;
    await expectKeptOut('paused', 'logged-out-before');
    expect(await cluster().judge('Redis is paused for 4 s', since, load, { away, back, revoked })).toMatchObject(
      UNHARMED,
    );
  });

  it('DR-17 SL-04 Redis answers slowly', async () => {
    const [one, other] = pair();
    const client = await enter(other, 'slow');
    const load = await ClusterLoad.start(cluster().splitter.url, 'slow');
    for (const line of cluster().lines) line.slow(100);
    const since = now();
    const closed = loggedOutAt(client);
    await one.ask('logOut', sessionOf('slow'));
    const revoked = (await closed) - since;
    await expectKeptOut('slow');
    expect(await other.knock('somebody-slow')).toBe(101);
    for (const line of cluster().lines) line.mend();
    expect(await cluster().judge('Redis is 200 ms away', since, load, { revoked })).toMatchObject(UNHARMED);
    for (const node of cluster().nodes) expect(node.told('ws.store.away', since)).toEqual([]);
  });

  it.each([
    ['cut', 'one node cannot connect to Redis'],
    ['answered', 'one node does not hear Redis'],
    ['asked', 'Redis does not hear one node'],
  ] as const)('DR-17 SL-04 the line of one node: %s (%s)', async (how, what) => {
    const [one, other] = pair();
    const [, line] = cluster().lines;
    const [client, stays] = [await enter(other, `line-${how}`), await enter(other, `stays-${how}`)];
    const load = await ClusterLoad.start(cluster().splitter.url, how);
    const since = now();
    if (how === 'cut') line?.cut();
    else line?.swallow(how);
    await one.ask('logOut', sessionOf(`line-${how}`));
    // At the node that is cut off it is not known; but nobody comes in there.
    expect(await other.knock(`line-${how}`)).toBe(503);
    await expectKeptOut(`line-${how}`);
    expect(await one.knock(`somebody-${how}`)).toBe(101);
    const away = (await other.hasTold('ws.store.away', since)) - since;
    expect((await stays.request('order')).data).toBe('done');
    const mended = now();
    const closed = loggedOutAt(client);
    line?.mend();
    const revoked = (await closed) - mended;
    const back = (await other.hasTold('ws.store.back', since)) - mended;
    await expectKeptOut(`line-${how}`);
    expect(await cluster().judge(what, since, load, { away, back, revoked })).toMatchObject(UNHARMED);
    expect(one.told('ws.store.away', since)).toEqual([]);
  });

  it('DR-17 SL-04 Redis is killed under load, and comes back empty', async () => {
    const [one, other] = pair();
    const [known, fresh] = [await enter(other, 'known'), await enter(other, 'fresh')];
    const held = [await enter(one, 'holder'), await enter(other, 'holder')];
    const load = await ClusterLoad.start(cluster().splitter.url, 'kill');
    const knownClosed = loggedOutAt(known);
    await one.ask('logOut', sessionOf('known'));
    await knownClosed;
    const since = now();
    await cluster().server.kill();
    const closed = loggedOutAt(fresh);
    await expect(one.ask('logOut', sessionOf('fresh'))).rejects.toThrow(/did not answer/);
    await expectKeptOut('known', 'fresh', 'somebody');
    const away = (await other.hasTold('ws.store.away', since)) - since;
    const started = now();
    await cluster().server.start();
    const revoked = (await closed) - started;
    const back = (await other.hasTold('ws.store.back', since)) - started;
    await cluster().isWhole();
    await expectKeptOut('known', 'fresh');
    // The places are taken once more: nobody was closed for them, and nobody comes in beyond them.
    const isFull = async (): Promise<boolean> => (await one.knock('holder')) === 429;
    await vi.waitUntil(isFull, PATIENCE_MS);
    for (const client of held) expect((await client.request('order')).data).toBe('done');
    expect(
      await cluster().judge('Redis is killed, and comes back empty', since, load, { away, back, revoked }),
    ).toMatchObject(UNHARMED);
  });

  it('DR-17 SL-04 a node that stands still beyond its lease goes on', async () => {
    const [one, other] = pair();
    const [revoked, late] = [await enter(other, 'still'), await enter(other, 'unanswered')];
    const held = [await enter(other, 'two-places'), await enter(other, 'two-places')];
    const quiet = await connect(other.url, { ...shapeOf('quiet'), ws: { autoPong: false } });
    const ping = await new Promise<Buffer>((resolve) => quiet.socket.once('ping', resolve));
    onTestFinished(() => other.go());
    other.stop();
    const since = now();
    const closed = loggedOutAt(revoked);
    await one.ask('logOut', sessionOf('still'));
    // It stands still by now: what it is sent waits.
    quiet.socket.pong(ping);
    late.send('order', undefined, 1);
    const knocked = other.knock('still');
    held.push(await enterWhenFree(one, 'two-places'), await enterWhenFree(one, 'two-places'));
    const freed = now() - since;
    // Longer than a pong may take.
    await vi.waitUntil(() => now() - since > 3500, PATIENCE_MS);
    const went = now();
    other.go();
    const revokedAfter = (await closed) - went;
    expect(await knocked).not.toBe(101);
    expect((await late.next()).data).toBe('done');
    for (const client of [...held, quiet]) expect((await client.request('order')).data).toBe('done');
    await cluster().isWhole();
    await vi.waitUntil(async () => (await one.knock('two-places')) === 429, PATIENCE_MS);
    for (const client of [...held, quiet]) expect((await client.request('order')).data).toBe('done');
    for (const node of cluster().nodes) expect(node.told('ws.store.away', since)).toEqual([]);
    cluster().note('a node stands still for 3.5 s', { freed, revoked: revokedAfter });
  });

  it('DR-17 DR-03 the places of a node that was killed come back within one lease time', async () => {
    const { nodes, lines, splitter } = cluster();
    const [one, other] = pair();
    for (let i = 0; i < 2; i++) await enter(other, 'survivor');
    const stays = await enter(one, 'stays-here');
    const since = now();
    await other.kill();
    splitter.targets = [one.port];
    expect(await one.knock('survivor')).toBe(429);
    for (let i = 0; i < 2; i++) await enterWhenFree(one, 'survivor');
    const freed = now() - since;
    // The server measures the lease; what is added is the machine that runs the tests.
    expect(freed).toBeLessThan(2 * LEASE_MS);
    expect(await one.ask('count')).toMatchObject({ missing: [other.id] });
    await one.ask('logOut', sessionOf('survivor'));
    nodes[1] = await cluster().startNode(lines[1] ?? expect.unreachable());
    cluster().split();
    await cluster().isWhole();
    await expectKeptOut('survivor');
    expect((await stays.request('order')).data).toBe('done');
    cluster().note('a node is killed', { freed });
  });
});
