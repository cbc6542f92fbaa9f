import { describe, expect, it, vi } from 'vitest';
import type { WsPolicy } from '../authorization/ws-policy.js';
import type { ManagedConnection } from '../lifecycle/managed-connection.js';
import { openPipeline, settle, type StubSocket } from '../testing/stub-pipeline.js';

describe('a policy that waits for nothing', () => {
  it('AZ-15 does not let the message on once the connection is closed', async () => {
    const handled = vi.fn<() => void>();
    class Revoking implements WsPolicy<never> {
      static connection: ManagedConnection | undefined;
      authorize(): boolean {
        Revoking.connection?.close('REVOKED');
        return true;
      }
    }
    const { send, connection, socket } = openPipeline(handled, { policies: [Revoking] });
    Revoking.connection = connection;
    send(1);
    await settle();
    expect(handled).not.toHaveBeenCalled();
    expect(socket.sent).toEqual([]);
  });
});

describe('the abort signal of a message', () => {
  it('DR-09 F14 has fired from the start where it is taken after the end', async () => {
    const signals: AbortSignal[] = [];
    let context: { signal: AbortSignal } | undefined;
    const { send, connection, pipeline } = openPipeline((_data, _event, message) => {
      context = message as { signal: AbortSignal };
      return new Promise(() => undefined);
    });
    send(1);
    connection.close('REVOKED');
    pipeline.dispose();
    await settle();
    if (context !== undefined) signals.push(context.signal);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });
});

describe('a filter of the application that answers nobody', () => {
  it('F34 is not taken for one by what else the client gets meanwhile', async () => {
    let done = (): void => undefined;
    const { send, socket, connection } = openPipeline((_data, _event, context) => {
      const message = context as { watchAnswer(): () => boolean; failure: unknown };
      const wasAnswered = message.watchAnswer();
      const filtered = new Promise<void>((resolve) => {
        done = resolve;
      });
      message.failure = { exception: new Error('broken'), isAnswered: filtered.then(() => wasAnswered()) };
      return undefined;
    });
    send(1);
    connection.sendText('{"event":"feed","data":{"row":{"id":1}}}');
    connection.sendText('{"event":"do","id":12}');
    done();
    await settle();
    expect(socket.sent.at(-1)).toMatchObject({ event: 'error', id: 1 });
  });
});

describe('the inbound queue', () => {
  it('DR-08 DR-11 stops the socket when it is full, and reads on when there is room, in order', async () => {
    const running: (() => void)[] = [];
    const { send, socket } = openPipeline(
      () =>
        new Promise((resolve) =>
          running.push(() => {
            resolve('done');
          }),
        ),
      {
        messages: { maxQueuedMessages: 3 },
      },
    );
    for (const id of [1, 2, 3]) send(id);
    expect(socket.flow).toEqual([]);
    send(4);
    expect(socket.flow).toEqual(['pause']);
    for (let count = 0; count < 4; count++) {
      running[count]?.();
      await settle();
    }
    expect(socket.flow).toEqual(['pause', 'resume']);
    expect(socket.sent.map(({ id }) => id)).toEqual([1, 2, 3, 4]);
  });

  it('DR-08 stays bounded when a paused socket has more in hand, and says so', () => {
    const { send, socket, engine, clock } = openPipeline(() => new Promise(() => undefined), {
      messages: { maxQueuedMessages: 2 },
      throttling: { connection: [{ limit: 1000, ttl: 1000 }], principal: [{ limit: 1000, ttl: 1000 }] },
    });
    for (let id = 0; id < 30; id++) send(id);
    // One runs, and eight times the queue may come out of what the socket had read already.
    engine.expire(clock.monotonic());
    expect(rangesOf(socket, 'OVERLOADED')).toEqual([
      [18, 18],
      [19, 19],
      [20, 20],
      [21, 21],
      [22, 30],
    ]);
  });

  it('DR-08 counts bytes, and copies what waits', () => {
    const { pipeline, socket } = openPipeline(() => new Promise(() => undefined), {
      messages: { maxQueuedBytes: 100 },
    });
    const big = JSON.stringify({ event: 'do', data: 'x'.repeat(90) });
    const chunk = Buffer.from(big);
    pipeline.onMessage(chunk, false);
    pipeline.onMessage(chunk, false);
    expect(socket.flow).toEqual(['pause']);
  });
});

describe('the answers to refused messages', () => {
  it('DR-24 are bounded, however many messages are refused', () => {
    const { send, socket, sink, clock } = openPipeline(() => undefined, {
      throttling: {
        connection: [{ limit: 1_000_000, ttl: 1000 }],
        principal: [{ limit: 1_000_000, ttl: 1000 }],
        connectionBytesPerSecond: 1_000_000_000,
        violations: { budget: Infinity },
      },
    });
    let sent = 0;
    for (let id = 0; id < 2000; id++) {
      send(id, 'nothing');
      sent += JSON.stringify({ event: 'nothing', id }).length;
      clock.advance(1);
    }
    const said = socket.sent.reduce((sum, frame) => sum + JSON.stringify(frame).length, 0);
    expect(said).toBeLessThanOrEqual(16_384);
    expect(said).toBeLessThan(sent);
    expect(sink.events.filter(({ type }) => type === 'ws.message.refused').length).toBeGreaterThan(0);
    // Ten seconds later it is told again.
    clock.advance(11_000);
    send(9999, 'nothing');
    expect(socket.sent.at(-1)).toMatchObject({ id: 9999 });
  });

  it('DR-05 F34 answer a run of messages that nobody read with few frames, none left out', () => {
    const { send, socket, engine, clock } = openPipeline(() => 'fine', {
      throttling: { connection: [{ limit: 1, ttl: 60_000 }] },
    });
    for (let id = 0; id < 50; id++) send(id);
    expect(rangesOf(socket, 'THROTTLED')).toEqual([2, 3, 4, 5].map((ordinal) => [ordinal, ordinal]));
    engine.expire(clock.monotonic());
    expect(rangesOf(socket, 'THROTTLED').at(-1)).toEqual([6, 50]);
    expect(socket.sent).toHaveLength(1 + 5);
  });

  it('F34 name by their numbers the messages beyond the budget, each in one frame only', () => {
    const { send, socket, engine, clock } = openPipeline(() => undefined, {
      throttling: {
        connection: [{ limit: 1_000_000, ttl: 1000 }],
        principal: [{ limit: 1_000_000, ttl: 1000 }],
        connectionBytesPerSecond: 1_000_000_000,
        violations: { budget: Infinity },
      },
    });
    for (let id = 1; id <= 500; id++) send(id, id % 7 === 0 ? 'do' : 'nothing');
    engine.expire(clock.monotonic());
    const answered = socket.sent.flatMap(({ id, messages }) => {
      if (messages === undefined) return [id];
      return Array.from({ length: messages[1] - messages[0] + 1 }, (_, at) => messages[0] + at);
    });
    expect(answered.sort((a = 0, b = 0) => a - b)).toEqual(Array.from({ length: 500 }, (_, at) => at + 1));
  });
});

function rangesOf(socket: StubSocket, code: string): unknown[] {
  return socket.sent.filter(({ data }) => data?.code === code).map(({ messages }) => messages);
}
