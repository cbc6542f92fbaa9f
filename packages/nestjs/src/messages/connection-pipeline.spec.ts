import { describe, expect, it, vi } from 'vitest';
import type { WsPolicy } from '../authorization/ws-policy.js';
import type { ManagedConnection } from '../lifecycle/managed-connection.js';
import type { Awaitable } from '../core/awaitable.js';
import { MemoryStore } from '../store/memory.store.js';
import type { SecureWsStore } from '../store/secure-ws.store.js';
import { resolveStoreOptions } from '../store/store.options.js';
import { FakeClock } from '../testing/fake-clock.js';
import { crashesOf, openPipeline, readerOf, settle } from '../testing/stub-pipeline.js';

describe('a message while several nodes count together', () => {
  /** A shared store that answers when the test says so. */
  class Shared extends MemoryStore {
    readonly asked: { resolve: (wait: number) => void; reject: (error: Error) => void }[] = [];
    override hit(): number {
      return new Promise<number>((resolve, reject) => {
        this.asked.push({ resolve, reject });
      }) as unknown as number;
    }
  }

  const start = () => {
    const handled: number[] = [];
    const clock = new FakeClock();
    const shared = new Shared(clock, resolveStoreOptions(readerOf({}, 'store')));
    const store: Partial<SecureWsStore> = { isShared: true, hit: (): Awaitable<number> => shared.hit() };
    const parts = openPipeline((_data, _event, context) => handled.push((context as { id: number }).id), {
      store: () => store as SecureWsStore,
      throttling: { principal: [{ limit: 100, ttl: 1000 }] },
      messages: { maxQueuedMessages: 2 },
    });
    return { ...parts, shared, handled };
  };

  it('DR-05 keeps its place, whichever answer comes first', async () => {
    const { send, shared, handled } = start();
    send(1);
    send(2);
    await settle();
    shared.asked[1]?.resolve(0);
    await settle();
    expect(handled).toEqual([]);
    shared.asked[0]?.resolve(0);
    await settle();
    expect(handled).toEqual([1, 2]);
  });

  it('DR-14 DR-17 does not end the process when a later answer fails before an earlier one is there', async () => {
    const { send, shared, handled } = start();
    const crashes = await crashesOf(async () => {
      send(1);
      send(2);
      await settle();
      shared.asked[1]?.reject(new Error('the store is away'));
      await settle();
      shared.asked[0]?.resolve(0);
    });
    expect(crashes).toEqual([]);
    // The node's own windows have counted both.
    expect(handled).toEqual([1, 2]);
  });

  it('DR-08 is refused when too many wait for an answer', async () => {
    const { send, socket, shared } = start();
    for (let id = 0; id < 20; id++) send(id);
    await settle();
    expect(shared.asked.length).toBeLessThanOrEqual(20);
    expect(socket.sent.map(({ data }) => data?.code)).toEqual(Array(4).fill('OVERLOADED'));
  });

  it('SL-12 is dropped when its connection has closed meanwhile', async () => {
    const { send, shared, handled, connection, socket } = start();
    send(1);
    await settle();
    connection.close('REVOKED');
    shared.asked[0]?.resolve(0);
    await settle();
    expect(handled).toEqual([]);
    expect(socket.sent).toEqual([]);
  });
});

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
    const { send, socket } = openPipeline(() => new Promise(() => undefined), {
      messages: { maxQueuedMessages: 2 },
      throttling: { connection: [{ limit: 1000, ttl: 1000 }], principal: [{ limit: 1000, ttl: 1000 }] },
    });
    for (let id = 0; id < 30; id++) send(id);
    // One runs, and eight times the queue may come out of what the socket had read already.
    expect(socket.sent.map(({ data }) => data?.code)).toEqual(Array(30 - 1 - 16).fill('OVERLOADED'));
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

  it('DR-05 say at most four times a second that somebody is too fast', () => {
    const { send, socket } = openPipeline(() => 'fine', { throttling: { connection: [{ limit: 1, ttl: 60_000 }] } });
    for (let id = 0; id < 50; id++) send(id);
    expect(socket.sent.filter(({ data }) => data?.code === 'THROTTLED')).toHaveLength(4);
  });
});
