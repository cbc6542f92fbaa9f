import { describe, expect, it, vi } from 'vitest';
import { ClusterLoad } from '../support/cluster-load.js';
import { shapeOf } from '../support/cluster-node.js';
import { ClusterSetup } from '../support/cluster-setup.js';
import { handshake } from '../support/handshake.js';
import { PATIENCE_MS } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { testToken } from '../support/test-token.js';

const cluster = ClusterSetup.shared(4, 30_000);

const now = (): number => Math.round(performance.now());

/** A node by its place. */
const node = (at: number) => cluster().nodes[at] ?? expect.unreachable();

const enter = (at: number, sub: string) => connect(node(at).url, shapeOf(sub));

describe('four nodes that admit without Redis for thirty seconds', { timeout: 60_000 }, () => {
  it('SL-04 DP-06 a log-out at one node closes at all of them within a second', async () => {
    await cluster().isWhole();
    const sid = 'session-of-four';
    const token = (at: number): string => testToken({ sub: `four-${at}`, sid });
    const clients = await Promise.all([0, 1, 2, 3].map((at) => connect(node(at).url, { token: token(at) })));
    const stays = await enter(3, 'four-stays');
    const since = now();
    const closed = Promise.all(
      clients.map(async (client) => {
        await client.expectClose(4512);
        return now() - since;
      }),
    );
    await node(0).ask('logOut', sid);
    const took = (await closed).sort((a, b) => a - b);
    expect(took[1]).toBeLessThan(1000);
    for (const at of [0, 1, 2, 3]) expect(await node(at).knock('', { token: token(at) })).not.toBe(101);
    expect((await stays.request('order')).data).toBe('done');
    cluster().note('nothing fails', { lastMs: took[3] });
  });

  it('J26 DP-06 of fifty who use one ticket at four nodes at once, one comes in', async () => {
    const ticket = await node(0).ask('ticket', 'ticket-holder');
    const use = () => handshake(cluster().splitter.url, { headers: { Authorization: `Ticket ${ticket}` } });
    const answers = await Promise.all(Array.from({ length: 50 }, use));
    expect(answers.filter((answer) => answer === 'open')).toHaveLength(1);
  });

  it.each([
    ['killed, and comes back empty', async () => cluster().server.kill(), async () => cluster().server.start()],
    ['paused', async () => cluster().server.freeze(), async () => cluster().server.thaw()],
  ])('DR-17 DR-03 SL-04 J26 Redis is %s under load: limits fall back, and come back once', async (how, stop, start) => {
    const name = how.slice(0, 6);
    const held = [await enter(0, `${name}-two`), await enter(1, `${name}-two`)];
    expect(await node(2).knock(`${name}-two`)).toBe(429);
    await node(0).ask('logOut', `session-of-${name}-before`);
    await vi.waitUntil(async () => (await node(3).knock(`${name}-before`)) !== 101, PATIENCE_MS);
    const ticket = await node(0).ask('ticket', `${name}-ticket`);
    const load = await ClusterLoad.start(cluster().splitter.url, name);
    const since = now();
    await stop();
    const away = Math.max(
      ...(await Promise.all(cluster().nodes.map((each) => each.hasTold('ws.store.away', since)))).map(
        (at) => at - since,
      ),
    );
    // Each node counts by itself.
    held.push(await enter(2, `${name}-two`), await enter(2, `${name}-two`));
    expect(await node(2).knock(`${name}-two`)).toBe(429);
    // What was used once may have been: nobody knows.
    expect(await handshake(node(1).url, { headers: { Authorization: `Ticket ${ticket}` } })).not.toBe('open');
    // Who was logged out before is known everywhere; who is logged out now at the node that was told.
    await expect(node(0).ask('logOut', `session-of-${name}-fresh`)).rejects.toThrow(/did not answer/);
    for (const each of cluster().nodes) expect(await each.knock(`${name}-before`)).not.toBe(101);
    expect(await node(0).knock(`${name}-fresh`)).not.toBe(101);
    const fresh = await enter(1, `${name}-fresh`);
    const started = now();
    await start();
    await fresh.expectClose(4512);
    const revoked = now() - started;
    const told = await Promise.all(cluster().nodes.map((each) => each.hasTold('ws.store.back', since)));
    const back = Math.max(...told) - started;
    for (const each of cluster().nodes) {
      expect(await each.knock(`${name}-fresh`)).not.toBe(101);
      // All four places are counted everywhere, and nobody was closed for them.
      await vi.waitUntil(async () => (await each.knock(`${name}-two`)) === 429, PATIENCE_MS);
    }
    for (const client of held) expect((await client.request('order')).data).toBe('done');
    expect(await cluster().judge(`Redis is ${how}`, since, load, { away, back, revoked })).toEqual({
      lost: 0,
      flapped: 0,
      came: ['101'],
    });
  });
});
