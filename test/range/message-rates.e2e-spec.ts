import { setInterval } from 'node:timers';
import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { verdictOf } from './verdict-of.js';

const error = (data: unknown): string => JSON.stringify({ event: 'error', data });

/** A server that tells the messages of a connection apart by their number. */
const counting = (serve: (client: WebSocket, count: number) => void): Parameters<typeof verdictOf>[1] => {
  const counts = new WeakMap<WebSocket, number>();
  return {
    serve: (client) => {
      const count = (counts.get(client) ?? 0) + 1;
      counts.set(client, count);
      serve(client, count);
    },
  };
};

describe('DR-05 messages at any rate', { timeout: 60_000 }, () => {
  it('SC-04 have no limit in references of each refusal', async () => {
    const references = ['k3x9qz1a', 'qqqqqqqq', 'a1b2c3d4', 'zzzzyyyy', '00000000'];
    const verdict = await verdictOf(
      'message-rate',
      counting((client, count) => client.send(error({ message: 'unknown event', ref: references[count % 5] }))),
    );
    expect(verdict).toMatchObject({ outcome: 'finding' });
  });

  it('SC-04 have no limit where one refusal of hundreds is another one', async () => {
    const verdict = await verdictOf(
      'message-rate',
      counting((client, count) => client.send(error(count === 100 ? 'busy' : 'unknown'))),
    );
    expect(verdict).toMatchObject({ outcome: 'finding' });
  });

  it.each<readonly [few: unknown, many: unknown]>([
    [{ status: 404 }, { status: 429 }],
    ['unknown', 'THROTTLED'],
    [{ code: 4 }, { code: 7 }],
    [
      { code: 'X', ref: 17 },
      { code: 'Y', ref: 17 },
    ],
  ])('SC-04 have a limit where %j becomes %j', async (few, many) => {
    const verdict = await verdictOf(
      'message-rate',
      counting((client, count) => client.send(error(count > 20 ? many : few))),
    );
    expect(verdict).toMatchObject({ outcome: 'passed' });
  });

  it.each<readonly [what: string, more: number]>([
    ['answers all', 1],
    ['answers none beyond a few', 0],
  ])('SC-04 are not counted among what a server says by itself that %s', async (_, more) => {
    const verdict = await verdictOf(
      'message-rate',
      {
        serve: (client, message) => {
          if (!message.includes('subscribe')) return client.send(error('unknown'));
          client.send('{"event":"subscribed"}');
          const timer = setInterval(() => client.send('{"event":"tick","data":{"price":7}}'), 5);
          client.once('close', () => clearInterval(timer));
          client.removeAllListeners('message');
          client.on('message', () => more > 0 && client.send('{"event":"subscribed"}'));
        },
      },
      { messages: ['{"event":"subscribe","data":{"symbol":"X"}}'] },
    );
    expect(verdict).toMatchObject({ outcome: 'not-tested' });
  });

  it('SC-04 are all answered where each gets two answers', async () => {
    const twice = counting((client) => {
      client.send('{"event":"ack"}');
      client.send('{"event":"done"}');
    });
    expect(await verdictOf('message-rate', twice)).toMatchObject({ outcome: 'finding' });
    const once = counting((client, count) => {
      client.send('{"event":"ack"}');
      if (count < 20) client.send('{"event":"done"}');
    });
    expect(await verdictOf('message-rate', once)).toMatchObject({ outcome: 'passed' });
  });

  it('SC-04 are not known where the first ones are refused for a limit', async () => {
    const limited = counting((client) => client.send(error({ status: 429 })));
    expect(await verdictOf('message-rate', limited)).toMatchObject({ outcome: 'not-tested' });
  });
});
