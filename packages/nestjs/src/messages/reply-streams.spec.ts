import { Observable, of, Subject } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { crashesOf, openPipeline, settle } from '../testing/stub-pipeline.js';

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
    send(4);
    await settle();
    expect(sources[3]?.observed).toBe(true);
    expect(socket.sent).toHaveLength(1);
  });

  it('keeps the order of values that come at once', async () => {
    const { send, socket } = openPipeline(() => Promise.resolve(of(1, 2, 3)));
    send(1);
    await settle();
    expect(socket.sent.map(({ data }) => data)).toEqual([1, 2, 3]);
  });
});
