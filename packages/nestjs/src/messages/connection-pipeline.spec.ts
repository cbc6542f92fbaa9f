import { Readable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import type { WsPolicy, WsPolicyContext } from '../authorization/ws-policy.js';
import type { InboundFrames } from '../lifecycle/inbound-frames.js';
import type { ManagedConnection } from '../lifecycle/managed-connection.js';
import { PayloadRefusal } from '../validation/payload-run.js';
import { crashesOf, openPipeline, settle, type StubSocket } from '../../../../test/support/stub-pipeline.js';

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

describe('a frame that got past its receiver', () => {
  it('MV-11 MV-18 MV-19 is refused for its kind before anything else of it is looked at', () => {
    const handled = vi.fn<() => void>();
    const { pipeline, socket, sink } = openPipeline(handled, { throttling: { connection: [{ limit: 1, ttl: 1000 }] } });
    pipeline.onMessage(Buffer.from('{"event":"do","id":1}'), false);
    pipeline.onMessage(Buffer.from('{"event":"do","id":2}'), true);
    expect(socket.closes).toEqual([1003]);
    expect(sink.events.at(-1)).toMatchObject({ type: 'ws.message.refused', reason: 'binary-frame' });
    expect(handled).toHaveBeenCalledTimes(1);
  });
});

describe('a message that has waited for its turn', () => {
  it('MV-18 SL-02 is not decoded for an identity that has ended meanwhile', async () => {
    const running: (() => void)[] = [];
    const { send, clock, socket, sink } = openPipeline(() => new Promise<void>((resolve) => running.push(resolve)), {
      expiresInMs: 5000,
    });
    send(1);
    send(2);
    clock.advance(5000);
    running[0]?.();
    await settle();
    expect(running).toHaveLength(1);
    expect(socket.closes).toEqual([4001]);
    expect(sink.events.at(-1)).toMatchObject({ type: 'ws.message.refused', reason: 'identity-expired' });
  });
});

describe('the bytes of a connection', () => {
  it('DR-06 are counted with what its control frames and the headers of its fragments take', () => {
    const { connection, send, socket } = openPipeline(() => undefined, {
      throttling: { connectionBytesPerSecond: 1000 },
    });
    let overhead = 0;
    connection.inbound = { takeOverheadBytes: () => overhead } as InboundFrames;
    send(1);
    overhead = 1000;
    send(2);
    expect(socket.sent.map(({ id, data }) => [id, data?.code])).toEqual([
      [1, undefined],
      [undefined, 'THROTTLED'],
    ]);
  });
});

describe('what a policy judges', () => {
  it('AZ-11 is the very object that the handler gets', async () => {
    const judged: unknown[] = [];
    class Judge implements WsPolicy<unknown> {
      authorize({ data }: WsPolicyContext): boolean {
        judged.push(data);
        return true;
      }
    }
    const valid = { amount: 1 };
    const { send } = openPipeline((data) => void judged.push(data), {
      policies: [Judge],
      payload: { check: () => valid, isAsOpen: () => true },
    });
    send(1);
    await settle();
    expect(judged).toHaveLength(2);
    for (const data of judged) expect(data).toBe(valid);
  });
});

describe('what was sent to a handler that declares no payload', () => {
  it('MV-18 MV-03 reaches neither its policies nor itself', () => {
    const seen: unknown[] = [];
    class Judge implements WsPolicy<unknown> {
      authorize({ data }: WsPolicyContext): boolean {
        seen.push(data);
        return true;
      }
    }
    const { pipeline } = openPipeline((data) => void seen.push(data), { policies: [Judge] });
    pipeline.onMessage(Buffer.from('{"event":"do","data":{"isAdmin":true},"id":1}'), false);
    expect(seen).toEqual([undefined, undefined]);
  });
});

describe('a policy that waits', () => {
  it('AZ-15 lets no further one be asked once the connection is closed', async () => {
    const asked: string[] = [];
    let answer = (_: boolean): void => undefined;
    class First implements WsPolicy<never> {
      authorize(): Promise<boolean> {
        asked.push('first');
        return new Promise((resolve) => (answer = resolve));
      }
    }
    const schema = {
      isAsOpen: () => true,
      check: () => new Promise<string>((resolve) => (answer = () => resolve('valid'))),
    };
    const handled = vi.fn<() => void>();
    const { send, connection } = openPipeline(handled, { policies: [First], payload: schema });
    send(1);
    connection.close('REVOKED');
    // The validator has its answer, and the connection is gone: nobody is asked for it any more.
    answer(true);
    await settle();
    expect(asked).toEqual([]);
    expect(handled).not.toHaveBeenCalled();
  });

  it('AZ-15 lets no handler run where the gateway closed its socket meanwhile', async () => {
    let answer = (_: boolean): void => undefined;
    class Slow implements WsPolicy<never> {
      authorize(): Promise<boolean> {
        return new Promise((resolve) => (answer = resolve));
      }
    }
    const handled = vi.fn<() => void>();
    const { send, socket } = openPipeline(handled, { policies: [Slow] });
    send(1);
    // client.close() of ws, which the module hears of when the client has answered.
    socket.readyState = 2;
    answer(true);
    await settle();
    expect(handled).not.toHaveBeenCalled();
    expect(socket.sent).toEqual([]);
  });
});

describe('a message that waits for its slot', () => {
  it('SL-02 is refused where its identity has ended meanwhile, though no timer has closed the connection', async () => {
    const running: (() => void)[] = [];
    const handled: string[] = [];
    const { send, socket, clock } = openPipeline(
      (_data, event) => {
        handled.push(event);
        return new Promise<void>((resolve) => running.push(resolve));
      },
      { messages: { maxConcurrentHandlers: 1 }, expiresInMs: 60_000 },
    );
    clock.advance(59_999);
    send(1);
    send(2);
    clock.advance(1);
    running[0]?.();
    await settle();
    expect(handled).toEqual(['do']);
    expect(socket.closes).toEqual([4001]);
  });
});

describe('a stream that nobody will read', () => {
  it('F19 is disposed of where the handler that returns it has closed the connection', async () => {
    const stream = new Readable({ read: () => undefined });
    const { send, connection } = openPipeline(() => {
      connection.close('REVOKED');
      return stream;
    });
    send(1);
    await settle();
    expect(stream.destroyed).toBe(true);
  });
});

describe('the abort signal of a message', () => {
  it('DR-09 F14 has fired from the start where it is taken after the end', async () => {
    const signals: AbortSignal[] = [];
    let context: { signal: AbortSignal } | undefined;
    const { send, connection, pipeline } = openPipeline((_data, _event, message) => {
      context = message;
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
    connection.offer('{"event":"feed","data":{"row":{"id":1}}}', 'feed');
    connection.offer('{"event":"do","id":12}', 'do');
    done();
    await settle();
    expect(socket.sent.at(-1)).toMatchObject({ event: 'error', id: 1 });
  });
});

describe('the end of a connection', () => {
  it('TR-09 F52 leaves what still comes unjudged and uncharged', async () => {
    const { send, connection, socket, sink } = openPipeline(() => 'done', {
      throttling: { connection: [{ limit: 1, ttl: 60_000 }], violations: { budget: 1 } },
    });
    connection.close('REVOKED');
    for (let id = 0; id < 10; id++) send(id);
    await settle();
    expect(sink.events).toEqual([]);
    expect(socket.sent).toEqual([]);
  });

  it('DR-15 lets go of the throttle of its principal, which is then forgotten', async () => {
    const { send, pipeline, engine, clock } = openPipeline(() => 'done');
    const { throttles } = engine.parts;
    send(1);
    await settle();
    expect(throttles.size).toBe(1);
    pipeline.dispose();
    clock.advance(24 * 60 * 60 * 1000);
    throttles.sweep(clock.monotonic());
    expect(throttles.size).toBe(0);
  });
});

describe('the inbound queue', () => {
  it('DR-02 keeps its own bytes of a message that waits, and not the read that they came in', async () => {
    const running: (() => void)[] = [];
    const handled: string[] = [];
    const { send, pipeline } = openPipeline(
      (_data, event) => {
        handled.push(event);
        return new Promise<void>((resolve) => running.push(resolve));
      },
      { messages: { maxConcurrentHandlers: 1 } },
    );
    send(1);
    // What a socket reads at once: many messages in one piece of memory, which each of them would keep whole.
    const read = Buffer.alloc(65_536);
    const length = read.write('{"event":"do","id":2}');
    pipeline.onMessage(read.subarray(0, length), false);
    // Whoever still reads from it finds nothing.
    read.fill(0);
    running[0]?.();
    await settle();
    expect(handled).toEqual(['do', 'do']);
  });

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

  it('DR-08 DR-21 lets nothing more in while it finishes, and tells when the last handler has ended', async () => {
    const running: (() => void)[] = [];
    const { send, pipeline, socket } = openPipeline(() => new Promise<void>((resolve) => running.push(resolve)));
    const done = vi.fn<() => void>();
    send(1);
    send(2);
    pipeline.finish(done);
    send(3);
    expect(done).not.toHaveBeenCalled();
    running[0]?.();
    await settle();
    expect(done).toHaveBeenCalledOnce();
    expect(running).toHaveLength(1);
    expect(socket.sent.map(({ id }) => id)).toEqual([1]);
  });

  it('DR-08 goes through a long queue of messages that wait for nothing without a call in a call', async () => {
    const crashes = await crashesOf(async () => {
      let calls = 0;
      let go = (): void => undefined;
      const { send } = openPipeline(
        () => (calls++ === 0 ? new Promise<void>((resolve) => (go = resolve)) : undefined),
        {
          messages: { maxQueuedMessages: 10_000, maxQueuedBytes: 10_000_000 },
          throttling: {
            connection: [{ limit: 10_000, ttl: 1000 }],
            principal: [{ limit: 10_000, ttl: 1000 }],
            connectionBytesPerSecond: 1_000_000_000,
          },
        },
      );
      for (let id = 0; id < 10_000; id++) send(id);
      expect(calls).toBe(1);
      go();
      await settle();
      expect(calls).toBe(10_000);
    });
    expect(crashes).toEqual([]);
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

  it.each<readonly [what: string, bounds: object]>([
    ['messages', { maxQueuedMessages: 3 }],
    ['bytes', { maxQueuedBytes: 60 }],
  ])('DR-08 HS-16 holds what comes before the connection is accepted, up to its %s', async (_what, messages) => {
    const handled = vi.fn<() => void>();
    const accepted = openPipeline(handled, { isHeld: true, messages });
    for (const id of [1, 2, 3]) accepted.send(id);
    expect(handled).not.toHaveBeenCalled();
    accepted.pipeline.release();
    await settle();
    expect(handled).toHaveBeenCalledTimes(3);

    const flooded = openPipeline(handled, { isHeld: true, messages });
    for (const id of [1, 2, 3, 4]) flooded.send(id);
    expect(flooded.socket.closes).toEqual([1008]);
    expect(flooded.sink.events.at(-1)).toMatchObject({ type: 'ws.message.refused', reason: 'queue-before-connect' });
    flooded.pipeline.release();
    await settle();
    expect(handled).toHaveBeenCalledTimes(3);
  });

  it('DR-08 counts bytes', () => {
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

  it('OD-01 OD-03 say of a run of them nothing that is true of one message only', () => {
    const issues = [{ path: 'amount', rule: 'isInt' }];
    const { send, socket, engine, clock } = openPipeline(() => undefined, {
      payload: { check: () => new PayloadRefusal(issues), isAsOpen: () => true },
      throttling: {
        connection: [{ limit: 1000, ttl: 1000 }],
        principal: [{ limit: 1000, ttl: 1000 }],
        violations: { budget: Infinity },
      },
    });
    for (let id = 1; id <= 500; id++) send(id);
    engine.expire(clock.monotonic());
    const [first, last] = [socket.sent[0], socket.sent.at(-1)];
    expect(first).toMatchObject({ id: 1, data: { code: 'VALIDATION_FAILED', issues } });
    expect(last).toMatchObject({ messages: [expect.any(Number), 500], data: { code: 'VALIDATION_FAILED' } });
    expect(last?.data).not.toHaveProperty('issues');
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
