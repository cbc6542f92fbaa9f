import { describe, expect, it } from 'vitest';
import { NewsLine } from './news-line.js';
import type { RedisClient } from './redis-client.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Connections that hear nothing of themselves. */
class QuietClient implements RedisClient {
  readonly heard: Map<string, (message: string) => void>[] = [];
  ended = 0;
  /** Says that a connection that was lost is there again. */
  comeBack: () => void = () => undefined;
  evalSha = () => Promise.resolve();
  eval = () => Promise.resolve();
  listenerCount = () => 1;

  duplicate() {
    const heard = new Map<string, (message: string) => void>();
    this.heard.push(heard);
    return {
      on: (event: string, listener: () => void) => {
        if (event === 'ready') this.comeBack = listener;
      },
      connect: () => Promise.resolve(),
      subscribe: (channel: string, listener: (message: string) => void) =>
        Promise.resolve(heard.set(channel, listener)),
      destroy: () => this.ended++,
    };
  }
}

async function openLine() {
  const client = new QuietClient();
  const line = new NewsLine(client, 'news');
  const told: string[] = [];
  const end = line.listen((what) => told.push(what));
  await turn();
  /** A reading, whose probe comes back or does not. */
  const read = (isHeard: boolean): void => {
    const probe = line.nextProbe();
    line.onAnswer(probe);
    if (isHeard && probe !== undefined) client.heard.at(-1)?.get(probe.channel)?.(probe.message);
  };
  return { client, line, told, end, read };
}

describe('NewsLine', () => {
  it('SL-04 has all read when it has begun to listen, and tells what it hears', async () => {
    const { client, told } = await openLine();
    expect(told.splice(0)).toEqual(['revocations', 'control']);
    for (const message of ['control', 'revocations', 'nonsense']) client.heard[0]?.get('news')?.(message);
    expect(told).toEqual(['control', 'revocations']);
  });

  it('SL-04 has all read when its connection was lost and is there again', async () => {
    const { client, told } = await openLine();
    told.splice(0);
    client.comeBack();
    expect(told).toEqual(['revocations', 'control']);
  });

  it('SL-04 is alive while its probes come back, and not from the first that does not', async () => {
    const { line, read } = await openLine();
    expect(line.isAlive).toBe(false);
    read(true);
    expect(line.isAlive).toBe(true);
    read(false);
    expect(line.isAlive).toBe(true);
    line.nextProbe();
    expect(line.isAlive).toBe(false);
  });

  it('SL-04 connects once more where nothing comes back, and less and less often', async () => {
    const { client, told, read } = await openLine();
    told.splice(0);
    for (let i = 0; i < 5; i++) read(false);
    await turn();
    expect(client.heard).toHaveLength(2);
    expect(told).toEqual(['revocations', 'control']);
    expect(client.ended).toBe(1);
    for (let i = 0; i < 1000; i++) read(false);
    expect(client.heard).toHaveLength(8);
    await turn();
    for (let i = 0; i < 1000; i++) read(true);
    expect(client.heard).toHaveLength(8);
  });

  it('DP-06 believes no echo of what it has not sent', async () => {
    const { client, line, read } = await openLine();
    const { channel } = line.nextProbe() ?? expect.unreachable('nobody listens');
    for (const forged of ['999', 'x', '']) client.heard[0]?.get(channel)?.(forged);
    read(false);
    line.nextProbe();
    expect(line.isAlive).toBe(false);
  });

  it('DR-18 ends its connection with the last listener, and opens none after its end', async () => {
    const { client, line, end } = await openLine();
    end();
    expect(client.ended).toBe(1);
    expect(line.nextProbe()).toBeUndefined();
    line.close();
    line.listen(() => undefined);
    expect(client.heard).toHaveLength(1);
  });

  it('does without where the client cannot be had twice', () => {
    const { evalSha, eval: run, listenerCount } = new QuietClient();
    for (const client of [
      { evalSha, eval: run, listenerCount },
      { evalSha, eval: run, listenerCount, duplicate: () => ({}) },
    ]) {
      const line = new NewsLine(client, 'news');
      const end = line.listen(() => undefined);
      expect([line.nextProbe(), line.isAlive]).toEqual([undefined, false]);
      end();
    }
  });
});
