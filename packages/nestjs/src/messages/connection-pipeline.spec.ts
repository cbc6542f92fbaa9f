import { PassThrough } from 'node:stream';
import { WsException } from '@nestjs/websockets';
import { Observable, of, Subject } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { createPrincipal } from '../authentication/principal.js';
import { AuthorizationPlan } from '../authorization/authorization-plan.js';
import type { WsPolicy } from '../authorization/ws-policy.js';
import { FaultLog } from '../events/fault-log.js';
import type { SecurityEvent } from '../events/security-event.js';
import { SecurityEventSink } from '../events/security-event-sink.js';
import { SecurityEvents } from '../events/security-events.js';
import { BootProblems } from '../internal/boot-problems.js';
import { OptionReader } from '../internal/option-reader.js';
import { WsRefusalException } from '../internal/ws-refusal.exception.js';
import type { BoundedSocket, OutboundWatch } from '../lifecycle/bounded-socket.js';
import { resolveLifecycleOptions } from '../lifecycle/lifecycle.options.js';
import { ManagedConnection } from '../lifecycle/managed-connection.js';
import type { Awaitable } from '../store/awaitable.js';
import { MemoryStore } from '../store/memory.store.js';
import type { RateRule, SecureWsStore } from '../store/secure-ws.store.js';
import { FakeClock } from '../testing/fake-clock.js';
import { resolveThrottlingOptions, type ThrottlingOptions } from '../throttling/throttling.options.js';
import { ViolationLedger } from '../throttling/violations/violation-ledger.js';
import { resolveStoreOptions } from '../store/store.options.js';
import { resolveValidationOptions } from '../validation/validation.options.js';
import { BoundHandler } from './bound-handler.js';
import { ConnectionPipeline } from './connection-pipeline.js';
import type { HandlerCallback, HandlerPlan } from './handler-plan.js';
import { type MessagesOptions, resolveMessagesOptions } from './messages.options.js';
import { PipelineEngine } from './pipeline-engine.js';
import { PrincipalThrottles } from './principal-throttles.js';

class FakeSocket {
  readyState = 1;
  bufferedAmount = 0;
  readonly sent: { event: string; id?: number; data?: { code?: string } }[] = [];
  readonly closes: number[] = [];
  readonly flow: string[] = [];
  #watch: OutboundWatch | undefined;

  watch(watch: OutboundWatch): void {
    this.#watch = watch;
  }

  send(text: string): void {
    if (this.#watch?.beforeSend() === false) return;
    this.sent.push(JSON.parse(text) as (typeof this.sent)[number]);
    this.#watch?.afterFlush(this.bufferedAmount);
  }

  close(code: number): void {
    this.closes.push(code);
  }

  ping(): void {}

  pause(): void {
    this.flow.push('pause');
  }

  resume(): void {
    this.flow.push('resume');
  }
}

class ListSink extends SecurityEventSink {
  readonly events: SecurityEvent[] = [];
  override write(event: SecurityEvent): void {
    this.events.push(event);
  }
}

interface Shape {
  readonly messages?: MessagesOptions;
  readonly throttling?: ThrottlingOptions;
  readonly store?: (memory: MemoryStore) => SecureWsStore;
  readonly policies?: readonly (new () => WsPolicy<never>)[];
  readonly hasInterceptors?: boolean;
}

const reader = (source: unknown, name: string): OptionReader => new OptionReader(source, name, new BootProblems());

/** One connection whose only handler, `do`, is `callback`, as Nest would call it. */
function open(callback: HandlerCallback, shape: Shape = {}) {
  const clock = new FakeClock();
  const memory = new MemoryStore(clock, resolveStoreOptions(reader({}, 'store')));
  const store = shape.store?.(memory) ?? memory;
  const throttling = resolveThrottlingOptions(reader(shape.throttling, 'throttling'));
  const sink = new ListSink();
  const engine = new PipelineEngine(
    clock,
    new SecurityEvents(clock, [sink]),
    new FaultLog(clock),
    new PrincipalThrottles(throttling.principal, store),
    new ViolationLedger(memory, throttling.violations),
    {
      messages: resolveMessagesOptions(reader(shape.messages, 'messages')),
      throttling,
      validation: resolveValidationOptions(reader({}, 'validation')),
    },
    false,
    5000,
  );
  const socket = new FakeSocket();
  const principal = createPrincipal({ kind: 'jwt', issuer: 'test', id: 'alice', authenticatedAt: 0 });
  const connection = new ManagedConnection(
    { id: 'c', principal, path: '/x', address: '127.0.0.1', origin: undefined, subprotocol: undefined },
    socket as unknown as BoundedSocket,
    new PassThrough(),
    clock,
    { ...resolveLifecycleOptions(reader({}, 'lifecycle')), messageTimeoutMs: 10_000 },
  );
  const pipeline = new ConnectionPipeline(engine, connection);
  const plan: HandlerPlan = {
    event: 'do',
    eventJson: '"do"',
    label: 'Gateway.do',
    authorization: new AuthorizationPlan(shape.policies ?? [], false, (type) => () => new type()),
    throttles: [],
    payload: undefined,
    isReported: false,
    hasInterceptors: shape.hasInterceptors ?? false,
  };
  pipeline.bind(new BoundHandler(plan, callback));
  pipeline.release();
  const send = (id: number, event = 'do'): void => {
    pipeline.onMessage(Buffer.from(JSON.stringify({ event, id })), false);
  };
  return { clock, engine, socket, connection, pipeline, sink, send };
}

/** Lets everything run that was promised. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
};

/** What would end the process. Vitest only fails the run as a whole for it. */
async function crashesOf(work: () => Promise<void>): Promise<readonly unknown[]> {
  const crashes: unknown[] = [];
  const record = (error: unknown): void => {
    crashes.push(error);
  };
  process.on('unhandledRejection', record);
  process.on('uncaughtException', record);
  try {
    await work();
    await settle();
  } finally {
    process.off('unhandledRejection', record);
    process.off('uncaughtException', record);
  }
  return crashes;
}

describe('a message while several nodes count together', () => {
  /** A shared store that answers when the test says so. */
  class Shared extends MemoryStore {
    readonly asked: { resolve: (wait: number) => void; reject: (error: Error) => void }[] = [];
    override hit(_key: string, _rule: RateRule): number {
      return new Promise<number>((resolve, reject) => {
        this.asked.push({ resolve, reject });
      }) as unknown as number;
    }
  }

  const start = () => {
    const handled: number[] = [];
    const clock = new FakeClock();
    const shared = new Shared(clock, resolveStoreOptions(reader({}, 'store')));
    // Not an instance of the memory store, so that it is asked.
    const store: Partial<SecureWsStore> = { hit: (key, rule): Awaitable<number> => shared.hit(key, rule) };
    const parts = open((_data, _event, context) => handled.push((context as { id: number }).id), {
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
    const handled = vi.fn();
    class Revoking implements WsPolicy<never> {
      static connection: ManagedConnection | undefined;
      authorize(): boolean {
        Revoking.connection?.close('REVOKED');
        return true;
      }
    }
    const { send, connection, socket } = open(handled, { policies: [Revoking] });
    Revoking.connection = connection;
    send(1);
    await settle();
    expect(handled).not.toHaveBeenCalled();
    expect(socket.sent).toEqual([]);
  });
});

describe('what a handler throws', () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);

  it.each<readonly [what: string, code: string, thrown: () => unknown]>([
    [
      'a refusal with issues that have no JSON',
      'VALIDATION_FAILED',
      () => new WsRefusalException('VALIDATION_FAILED', { issues: cycle as never }),
    ],
    [
      'a refusal with a BigInt for a wait',
      'THROTTLED',
      () => new WsRefusalException('THROTTLED', { retryAfterMs: 5n as never }),
    ],
    ['a refusal with a code of nobody', 'FORBIDDEN', () => new WsRefusalException('constructor' as never)],
    [
      'a WsException whose code throws',
      'INTERNAL',
      () => new WsException(Object.defineProperty({}, 'code', { get: broken })),
    ],
    [
      'a WsException with a broken getError',
      'INTERNAL',
      () => Object.assign(new WsException('x'), { getError: broken }),
    ],
    ['a revoked proxy', 'INTERNAL', revokedProxy],
    ['undefined', 'INTERNAL', () => undefined],
    ['null', 'INTERNAL', () => null],
    ['a symbol', 'INTERNAL', () => Symbol('x')],
  ])('DR-14 AN-03 is answered, and the next message is handled: %s', async (_, code, thrown) => {
    let calls = 0;
    const { send, socket, engine } = open(() => {
      calls++;
      return calls === 1 ? Promise.reject(thrown()) : Promise.resolve('fine');
    });
    const crashes = await crashesOf(async () => {
      send(1);
      await settle();
      send(2);
      await settle();
    });
    expect(crashes).toEqual([]);
    expect(socket.sent).toMatchObject([
      { event: 'error', id: 1, data: { code } },
      { event: 'do', id: 2 },
    ]);
    expect([engine.handling.size, engine.judging.size, engine.overdue.size]).toEqual([0, 0, 0]);
  });

  it('OD-01 never carries more than places and rules in its issues', async () => {
    const issues = [{ path: 'a', rule: 'isString', value: 'SECRET', target: { password: 'SECRET' } }];
    const { send, socket } = open(() => Promise.reject(new WsRefusalException('VALIDATION_FAILED', { issues })));
    send(1);
    await settle();
    expect(socket.sent).toMatchObject([
      { data: { code: 'VALIDATION_FAILED', issues: [{ path: 'a', rule: 'isString' }] } },
    ]);
    expect(JSON.stringify(socket.sent)).not.toContain('SECRET');
  });
});

describe('what a handler returns', () => {
  it.each<readonly [what: string, value: () => unknown]>([
    ['an object that nobody may ask about its keys', () => new Proxy({}, { has: broken })],
    [
      'an object whose properties throw',
      () => new Proxy({}, { get: (_, key) => (key === 'then' ? undefined : broken()) }),
    ],
    ['a BigInt', () => 1n],
    ['an iterable that cannot be begun', () => ({ [Symbol.asyncIterator]: broken })],
    ['an iterable whose iterator is none', () => ({ [Symbol.asyncIterator]: () => undefined })],
  ])('DR-14 is answered INTERNAL where it cannot be looked at, and gives its slot back: %s', async (_, value) => {
    let calls = 0;
    const { send, socket } = open(() => Promise.resolve(calls++ === 0 ? value() : 'fine'));
    const crashes = await crashesOf(async () => {
      send(1);
      await settle();
      send(2);
    });
    expect(crashes).toEqual([]);
    expect(socket.sent).toMatchObject([
      { event: 'error', id: 1, data: { code: 'INTERNAL' } },
      { event: 'do', id: 2 },
    ]);
  });
});

describe('a stream', () => {
  /** An iterator that waits for ever, as one over the events of an emitter does. */
  function endless() {
    const returned = vi.fn(() => Promise.resolve({ done: true, value: undefined }));
    const iterable = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined), return: returned }),
    };
    return { iterable, returned };
  }

  it('SL-12 of an async iterable ends with the connection, though no value ever comes', async () => {
    const { iterable, returned } = endless();
    const { send, pipeline, connection, socket } = open(() => Promise.resolve(iterable));
    send(1);
    await settle();
    expect(returned).not.toHaveBeenCalled();
    connection.close('NORMAL');
    socket.readyState = 3;
    pipeline.dispose();
    await settle();
    expect(returned).toHaveBeenCalledOnce();
  });

  it('DR-14 whose end rejects hurts nobody', async () => {
    const iterable = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => undefined),
        return: () => Promise.reject(new Error('broken')),
      }),
    };
    const { send, pipeline, connection } = open(() => Promise.resolve(iterable));
    const crashes = await crashesOf(async () => {
      send(1);
      await settle();
      connection.close('NORMAL');
      pipeline.dispose();
    });
    expect(crashes).toEqual([]);
  });

  it('SL-12 is unsubscribed from with the connection, and what it emits then goes nowhere', async () => {
    const ended = vi.fn();
    const source = new Subject<string>();
    const { send, pipeline, connection, socket } = open(() =>
      Promise.resolve(
        new Observable<string>((subscriber) => {
          const subscription = source.subscribe(subscriber);
          return () => {
            ended();
            subscription.unsubscribe();
          };
        }),
      ),
    );
    send(1);
    await settle();
    source.next('a');
    connection.close('NORMAL');
    source.next('b');
    pipeline.dispose();
    source.next('c');
    expect(ended).toHaveBeenCalledOnce();
    expect(socket.sent).toMatchObject([{ event: 'do', id: 1, data: 'a' }]);
  });

  it('AZ-15 stops where the epoch was raised', async () => {
    const source = new Subject<string>();
    const { send, connection, socket } = open(() => Promise.resolve(source));
    send(1);
    await settle();
    source.next('before');
    connection.epoch++;
    source.next('after');
    source.next('long after');
    expect(socket.sent.map(({ data }) => data)).toEqual(['before']);
    expect(source.observed).toBe(false);
  });

  it('DR-14 that fails is answered once, with what it said before', async () => {
    const source = new Subject<string>();
    const { send, socket } = open(() => Promise.resolve(source));
    send(1);
    await settle();
    source.next('a');
    source.error(new Error('secret text'));
    await settle();
    expect(socket.sent).toMatchObject([
      { event: 'do', data: 'a' },
      { event: 'error', id: 1, data: { code: 'INTERNAL' } },
    ]);
    expect(JSON.stringify(socket.sent)).not.toContain('secret');
  });

  it('DR-14 with a value that has no JSON ends there', async () => {
    const source = new Subject<unknown>();
    const { send, socket } = open(() => Promise.resolve(source));
    send(1);
    await settle();
    source.next(1n);
    source.next('more');
    expect(socket.sent).toMatchObject([{ event: 'error', id: 1, data: { code: 'INTERNAL' } }]);
    expect(source.observed).toBe(false);
  });

  it.each([false, true])(
    'DR-08 frees its slot, behind interceptors (%s) with its first value',
    async (hasInterceptors) => {
      const source = new Subject<string>();
      let calls = 0;
      const { send, socket } = open(() => Promise.resolve(calls++ === 0 ? source : 'next'), { hasInterceptors });
      send(1);
      send(2);
      await settle();
      expect(socket.sent).toMatchObject(hasInterceptors ? [] : [{ id: 2 }]);
      source.next('first');
      await settle();
      expect(socket.sent.map(({ id }) => id)).toEqual(hasInterceptors ? [1, 2] : [2, 1]);
    },
  );

  it('DR-09 behind interceptors without a value in time is answered TIMEOUT and ended', async () => {
    const source = new Subject<string>();
    const { send, socket, clock, engine } = open(() => Promise.resolve(source), { hasInterceptors: true });
    send(1);
    await settle();
    clock.advance(10_500);
    engine.expire(clock.monotonic());
    expect(socket.sent).toMatchObject([{ id: 1, data: { code: 'TIMEOUT' } }]);
    expect(source.observed).toBe(false);
  });

  it('DR-08 is refused above maxStreams, and a finished one makes room', async () => {
    const sources: Subject<string>[] = [];
    const { send, socket } = open(
      () => {
        const source = new Subject<string>();
        sources.push(source);
        return Promise.resolve(source);
      },
      { messages: { maxStreams: 2 } },
    );
    for (const id of [1, 2, 3]) {
      send(id);
      await settle();
    }
    expect(socket.sent).toMatchObject([{ id: 3, data: { code: 'OVERLOADED' } }]);
    expect(sources[2]?.observed).toBe(false);
    sources[0]?.complete();
    send(4);
    await settle();
    expect(sources[3]?.observed).toBe(true);
    expect(socket.sent).toHaveLength(1);
  });

  it('keeps the order of values that come at once', async () => {
    const { send, socket } = open(() => Promise.resolve(of(1, 2, 3)));
    send(1);
    await settle();
    expect(socket.sent.map(({ data }) => data)).toEqual([1, 2, 3]);
  });
});

describe('the inbound queue', () => {
  it('DR-08 DR-11 stops the socket when it is full, and reads on when there is room, in order', async () => {
    const running: (() => void)[] = [];
    const { send, socket } = open(
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
    const { send, socket } = open(() => new Promise(() => undefined), {
      messages: { maxQueuedMessages: 2 },
      throttling: { connection: [{ limit: 1000, ttl: 1000 }], principal: [{ limit: 1000, ttl: 1000 }] },
    });
    for (let id = 0; id < 30; id++) send(id);
    // One runs, and eight times the queue may come out of what the socket had read already.
    expect(socket.sent.map(({ data }) => data?.code)).toEqual(Array(30 - 1 - 16).fill('OVERLOADED'));
  });

  it('DR-08 counts bytes, and copies what waits', () => {
    const { pipeline, socket } = open(() => new Promise(() => undefined), { messages: { maxQueuedBytes: 100 } });
    const big = JSON.stringify({ event: 'do', data: 'x'.repeat(90) });
    const chunk = Buffer.from(big);
    pipeline.onMessage(chunk, false);
    pipeline.onMessage(chunk, false);
    expect(socket.flow).toEqual(['pause']);
  });
});

describe('the answers to refused messages', () => {
  it('DR-24 are bounded, however many messages are refused', () => {
    const { send, socket, sink, clock } = open(() => undefined, {
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
    const { send, socket } = open(() => 'fine', { throttling: { connection: [{ limit: 1, ttl: 60_000 }] } });
    for (let id = 0; id < 50; id++) send(id);
    expect(socket.sent.filter(({ data }) => data?.code === 'THROTTLED')).toHaveLength(4);
  });
});

function broken(): never {
  throw new Error('broken');
}

function revokedProxy(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
