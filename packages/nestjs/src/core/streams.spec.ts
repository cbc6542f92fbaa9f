import { Readable } from 'node:stream';
import { Observable, Subject } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { crashesOf } from '../../../../test/support/stub-pipeline.js';
import { giveUp } from './give-up.js';
import { containErrors, endIterable, isStream } from './streams.js';

/** A generator that says how it has ended. */
function counting(onEnd: () => void): AsyncGenerator<number> {
  const generator = (async function* () {
    await Promise.resolve();
    yield 1;
  })();
  const end = generator.return.bind(generator);
  return Object.assign(generator, {
    return: (value: void) => {
      onEnd();
      return end(value);
    },
  });
}

describe('isStream', () => {
  it.each<readonly [what: string, value: unknown, isOne: boolean]>([
    ['an Observable', new Subject(), true],
    ['a Readable', Readable.from([1]), true],
    ['a generator', counting(() => undefined), true],
    ['a list', [1], false],
    ['a text', 'text', false],
    ['null', null, false],
    ['nothing', undefined, false],
    ['a promise', Promise.resolve(1), false],
    ['a function', Object.assign(() => 1, { [Symbol.asyncIterator]: () => undefined }), false],
  ])('tells whether %s is one', (_, value, isOne) => {
    expect(isStream(value)).toBe(isOne);
  });
});

describe('giveUp', () => {
  it('DR-14 ends a generator before its first value', async () => {
    const onEnd = vi.fn<() => void>();
    expect(await crashesOf(async () => Promise.resolve(giveUp(counting(onEnd))))).toEqual([]);
    expect(onEnd).toHaveBeenCalledOnce();
  });

  it('DR-14 destroys a Readable, and contains its errors before and after', async () => {
    const readable = new Readable({
      read: () => undefined,
      destroy: (_, done) => done(new Error('while it ends')),
    });
    const crashes = await crashesOf(async () => {
      giveUp(readable);
      await Promise.resolve();
      readable.emit('error', new Error('later'));
    });
    expect(crashes).toEqual([]);
    expect(readable.destroyed).toBe(true);
  });

  it('DR-14 contains a promise that rejects', async () => {
    expect(await crashesOf(async () => Promise.resolve(giveUp(Promise.reject(new Error('late')))))).toEqual([]);
  });

  it('DR-14 begins no Observable, and ends nothing that is no stream', async () => {
    const begun = vi.fn<() => void>();
    const destroy = vi.fn<() => void>();
    const observable = Object.assign(new Observable(begun), { destroy, [Symbol.asyncIterator]: begun });
    const crashes = await crashesOf(() => {
      giveUp(observable);
      giveUp({ destroy });
      for (const value of [undefined, null, 7, 'text', [1]]) giveUp(value);
      return Promise.resolve();
    });
    expect(crashes).toEqual([]);
    expect(begun).not.toHaveBeenCalled();
    expect(destroy).not.toHaveBeenCalled();
  });

  it('DR-14 survives a value whose traps throw', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(() => giveUp(proxy)).not.toThrow();
  });
});

describe('containErrors', () => {
  it('DR-14 listens where something emits and can be destroyed', () => {
    const on = vi.fn<() => void>();
    const destroy = (): void => undefined;
    const onError = (): void => undefined;
    const iterable = (parts: object) => parts as AsyncIterable<unknown>;
    containErrors(iterable({ on }), onError);
    containErrors(iterable({ destroy }), onError);
    containErrors(iterable({ on: 'x', destroy }), onError);
    expect(on).not.toHaveBeenCalled();
    containErrors(iterable({ on, destroy }), onError);
    expect(on.mock.calls).toEqual([['error', onError]]);
  });
});

describe('endIterable', () => {
  it('DR-14 ends the iterator that has begun, and makes no other one', async () => {
    const ended: string[] = [];
    const iterator = (name: string) => ({
      next: () => Promise.resolve({ done: true as const, value: undefined }),
      return: () => {
        ended.push(name);
        return Promise.reject(new Error('nobody listens'));
      },
    });
    const iterable = { [Symbol.asyncIterator]: () => iterator('new') };
    const crashes = await crashesOf(() => {
      void endIterable(iterable, iterator('begun'));
      return Promise.resolve();
    });
    expect(crashes).toEqual([]);
    expect(ended).toEqual(['begun']);
  });

  it('DR-14 survives an iterator that cannot be ended', async () => {
    const iterable = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) };
    const crashes = await crashesOf(() => {
      void endIterable(iterable, undefined);
      void endIterable({} as AsyncIterable<unknown>, undefined);
      return Promise.resolve();
    });
    expect(crashes).toEqual([]);
  });
});
