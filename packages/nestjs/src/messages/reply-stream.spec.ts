import { createReadStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { EMPTY, finalize, map, Observable, of, Subject } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { crashesOf, openPipeline, settle } from '../../../../test/support/stub-pipeline.js';

describe('a stream', () => {
  /** An iterator that waits for ever, as one over the events of an emitter does. */
  function endless() {
    const returned = vi.fn<() => Promise<IteratorResult<never>>>(() =>
      Promise.resolve({ done: true, value: undefined }),
    );
    const iterable = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined), return: returned }),
    };
    return { iterable, returned };
  }

  it('SL-12 of an async iterable ends with the connection, though no value ever comes', async () => {
    const { iterable, returned } = endless();
    const { send, pipeline, connection, socket } = openPipeline(() => Promise.resolve(iterable));
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
    const { send, pipeline, connection } = openPipeline(() => Promise.resolve(iterable));
    const crashes = await crashesOf(async () => {
      send(1);
      await settle();
      connection.close('NORMAL');
      pipeline.dispose();
    });
    expect(crashes).toEqual([]);
  });

  it('SL-12 is unsubscribed from with the connection, and what it emits then goes nowhere', async () => {
    const ended = vi.fn<() => void>();
    const source = new Subject<string>();
    const { send, pipeline, connection, socket } = openPipeline(() =>
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
    const { send, connection, socket } = openPipeline(() => Promise.resolve(source));
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
    const { send, socket } = openPipeline(() => Promise.resolve(source));
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
    const { send, socket } = openPipeline(() => Promise.resolve(source));
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
      const { send, socket } = openPipeline(() => Promise.resolve(calls++ === 0 ? source : 'next'), {
        hasInterceptors,
      });
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
    const { send, socket, clock, engine } = openPipeline(() => Promise.resolve(source), { hasInterceptors: true });
    send(1);
    await settle();
    clock.advance(10_500);
    engine.expire(clock.monotonic());
    expect(socket.sent).toMatchObject([{ id: 1, data: { code: 'TIMEOUT' } }]);
    expect(source.observed).toBe(false);
  });

  it('DR-08 gives its slot back once, with its first value, and not again at its end', async () => {
    const source = new Subject<string>();
    const running: unknown[] = [];
    const { send } = openPipeline(() => {
      if (running.push('handler') === 1) return source;
      return new Promise(() => undefined);
    });
    send(1);
    source.next('a');
    source.complete();
    await settle();
    // The one slot that there is takes one of these.
    for (const id of [2, 3, 4]) send(id);
    await settle();
    expect(running).toHaveLength(2);
  });

  it('DR-08 is refused above maxStreams, and a finished one makes room', async () => {
    const sources: Subject<string>[] = [];
    const { send, socket } = openPipeline(
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
    expect(socket.sent.at(-1)).toEqual({ event: 'do', id: 1, end: true });
    send(4);
    await settle();
    expect(sources[3]?.observed).toBe(true);
    expect(socket.sent).toHaveLength(2);
  });

  it.each([false, true])(
    'F35 keeps the order of values that come at once, behind interceptors (%s)',
    async (hasInterceptors) => {
      const { send, socket } = openPipeline(() => Promise.resolve(of(1, 2, 3)), { hasInterceptors });
      send(1);
      await settle();
      expect(socket.sent).toEqual([
        { event: 'do', data: 1, id: 1 },
        { event: 'do', data: 2, id: 1 },
        { event: 'do', data: 3, id: 1 },
        { event: 'do', end: true, id: 1 },
      ]);
    },
  );

  it('F34 of one value that comes with its end, behind an interceptor, is the reply of a handler without a stream', async () => {
    const { send, socket } = openPipeline(() => Promise.resolve(of('fine')), { hasInterceptors: true });
    send(1);
    await settle();
    expect(socket.sent).toEqual([{ event: 'do', data: 'fine', id: 1 }]);
  });

  it('F34 without a value is answered with its end', async () => {
    const { send, socket } = openPipeline(() => Promise.resolve(EMPTY));
    send(1);
    await settle();
    expect(socket.sent).toEqual([{ event: 'do', id: 1, end: true }]);
  });

  it('DR-14 F17 whose teardown throws hurts nobody, however it ends', async () => {
    const ends: ((source: Subject<string>, parts: ReturnType<typeof openPipeline>) => void)[] = [
      (source) => {
        source.complete();
      },
      (source) => {
        source.error(new Error('broken source'));
      },
      (_, { connection, pipeline }) => {
        connection.close('NORMAL');
        pipeline.dispose();
      },
      (_, { connection }) => {
        connection.epoch++;
        connection.close('NORMAL');
      },
    ];
    for (const end of ends) {
      for (const hasInterceptors of [false, true]) {
        const source = new Subject<string>();
        const parts = openPipeline(
          () =>
            Promise.resolve(
              source.pipe(
                finalize(() => {
                  throw new Error('broken teardown');
                }),
              ),
            ),
          { hasInterceptors },
        );
        const crashes = await crashesOf(async () => {
          parts.send(1);
          await settle();
          source.next('a');
          await settle();
          end(source, parts);
        });
        expect(crashes).toEqual([]);
      }
    }
  });

  it.each([
    ['fulfils', () => Promise.resolve('a')],
    ['rejects', () => Promise.reject(new Error('secret'))],
  ])('DR-14 of promises, as map() makes them of an async function, is refused: one that %s', async (_, promise) => {
    for (const hasInterceptors of [false, true]) {
      const { send, socket } = openPipeline(() => Promise.resolve(of(1).pipe(map(promise))), { hasInterceptors });
      const crashes = await crashesOf(async () => {
        send(1);
        await settle();
      });
      expect(crashes).toEqual([]);
      expect(socket.sent).toMatchObject([{ event: 'error', id: 1, data: { code: 'INTERNAL' } }]);
    }
  });

  it('DR-14 hurts nobody by a promise that rejects when the stream is over', async () => {
    let arrive = (_item: IteratorResult<unknown>): void => undefined;
    const item = new Promise<IteratorResult<unknown>>((resolve) => {
      arrive = resolve;
    });
    const iterable = { [Symbol.asyncIterator]: () => ({ next: () => item }) };
    const { send, pipeline, connection } = openPipeline(() => Promise.resolve(iterable));
    const crashes = await crashesOf(async () => {
      send(1);
      await settle();
      connection.close('NORMAL');
      pipeline.dispose();
      arrive({ done: false, value: Promise.reject(new Error('late')) });
      await settle();
    });
    expect(crashes).toEqual([]);
  });

  it('F20 of an async generator behind an interceptor is streamed', async () => {
    async function* count() {
      yield await Promise.resolve(1);
      yield 2;
    }
    const { send, socket } = openPipeline(() => Promise.resolve(of(count())), { hasInterceptors: true });
    send(1);
    await settle();
    await settle();
    expect(socket.sent.map(({ data, end }) => end ?? data)).toEqual([1, 2, true]);
  });

  it('F19 above maxStreams is disposed of, and never begun where the handler is known to stream', async () => {
    const sources: Readable[] = [];
    const make = (): Promise<Readable> => {
      const source = new Readable({ objectMode: true, read: () => undefined });
      sources.push(source);
      return Promise.resolve(source);
    };
    for (const isStream of [false, true]) {
      sources.length = 0;
      const { send, socket, pipeline } = openPipeline(make, { messages: { maxStreams: 1 }, isStream });
      send(1);
      send(2);
      await settle();
      expect(socket.sent).toMatchObject([{ id: 2, data: { code: 'OVERLOADED' } }]);
      expect(sources.slice(1).map(({ destroyed }) => destroyed)).toEqual(isStream ? [] : [true]);
      pipeline.dispose();
      await settle();
      expect(sources[0]?.destroyed).toBe(true);
    }
  });

  it('F19 that comes after its client has left is disposed of', async () => {
    const source = new Readable({ objectMode: true, read: () => undefined });
    let answer = (_: unknown): void => undefined;
    const { send, connection, pipeline } = openPipeline(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    send(1);
    connection.close('NORMAL');
    pipeline.dispose();
    answer(source);
    await settle();
    expect(source.destroyed).toBe(true);
  });

  it('F21 is asked for more only while the client keeps up', async () => {
    let asked = 0;
    async function* numbers() {
      for (;;) yield await Promise.resolve(++asked);
    }
    const { send, socket, pipeline } = openPipeline(() => Promise.resolve(numbers()));
    socket.needsDrain = true;
    send(1);
    await settle();
    expect(asked).toBe(0);
    socket.drain();
    await Promise.resolve();
    await Promise.resolve();
    expect(asked).toBeGreaterThan(0);
    pipeline.dispose();
    await settle();
    const before = asked;
    await settle();
    expect(asked).toBe(before);
  });

  it('F35 ends at the word of a secure-ws.v1 client, with its last frame', async () => {
    const source = new Subject<string>();
    const { pipeline, socket, send } = openPipeline(() => Promise.resolve(source), { hasModuleEvents: true });
    send(7);
    await settle();
    source.next('a');
    pipeline.onMessage(Buffer.from('{"event":"$cancel","id":7}'), false);
    expect(source.observed).toBe(false);
    expect(socket.sent.at(-1)).toEqual({ event: 'do', id: 7, end: true });
    pipeline.onMessage(Buffer.from('{"event":"$cancel","id":8}'), false);
    expect(socket.sent).toHaveLength(2);
  });

  it('F35 MV-19 cannot be cancelled by a client that has not negotiated it, which is closed', async () => {
    const source = new Subject<string>();
    const { pipeline, socket, send } = openPipeline(() => Promise.resolve(source));
    send(7);
    await settle();
    pipeline.onMessage(Buffer.from('{"event":"$cancel","id":7}'), false);
    expect(source.observed).toBe(true);
    expect(socket.sent).toEqual([]);
    expect(socket.closes).toEqual([1008]);
  });

  describe('of a file that cannot be opened', () => {
    /** The file, and a promise of the end of it, which comes after its error. */
    const missing = (): { source: Readable; closed: Promise<unknown> } => {
      const source = createReadStream(join(tmpdir(), 'no', 'such', 'file'));
      return {
        source,
        closed: new Promise<void>((resolve) =>
          source.once('close', () => {
            resolve();
          }),
        ),
      };
    };
    const endless = (): AsyncIterable<never> => ({
      [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }),
    });

    it.each<readonly [when: string, start: (source: Readable) => void]>([
      [
        'whose client has left',
        (source) => {
          let answer = (_: unknown): void => undefined;
          const { send, connection, pipeline } = openPipeline(
            () =>
              new Promise<unknown>((resolve) => {
                answer = resolve;
              }),
          );
          send(1);
          connection.close('NORMAL');
          pipeline.dispose();
          answer(source);
        },
      ],
      [
        'that is one too many',
        (source) => {
          let calls = 0;
          const { send } = openPipeline(() => (calls++ === 0 ? endless() : source), { messages: { maxStreams: 1 } });
          send(1);
          send(2);
        },
      ],
      [
        'whose client does not read',
        (source) => {
          const { send, socket } = openPipeline(() => source);
          socket.needsDrain = true;
          send(1);
        },
      ],
      [
        'beside the one that a stream may hold',
        (source) => {
          openPipeline(() => of(endless(), source), { hasInterceptors: true }).send(1);
        },
      ],
    ])('DR-14 F19 does not end the process: one %s', async (_when, start) => {
      const { source, closed } = missing();
      const crashes = await crashesOf(async () => {
        start(source);
        await closed;
      });
      expect(crashes).toEqual([]);
    });

    it('DR-14 is answered INTERNAL', async () => {
      const { source, closed } = missing();
      const { send, socket } = openPipeline(() => source);
      send(1);
      await closed;
      await settle();
      expect(socket.sent).toMatchObject([{ id: 1, data: { code: 'INTERNAL' } }]);
    });
  });

  it('DR-09 F34 that fails is answered in time, though a filter of the application never ends', async () => {
    const { send, socket, clock, engine } = openPipeline(
      (_data, _event, context) =>
        new Observable((subscriber) => {
          subscriber.next(1);
          (context as { failure: unknown }).failure = {
            exception: new Error('broken'),
            isAnswered: new Promise(() => undefined),
          };
          subscriber.complete();
        }),
    );
    send(7);
    await settle();
    clock.advance(10_500);
    engine.expire(clock.monotonic());
    expect(socket.sent.at(-1)).toMatchObject({ id: 7, data: { code: 'TIMEOUT' } });
  });
});
