import { Readable } from 'node:stream';
import { BehaviorSubject } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { crashesOf, settle } from '../../../../test/support/stub-pipeline.js';
import { giveUp, giveUpUnsent, takeHold, takeHoldBriefly } from './give-up.js';

const rejecting = async (): Promise<never> => Promise.reject(new Error('of nobody'));

describe('giveUp', () => {
  it.each<readonly [where: string, holds: (promise: () => Promise<never>) => unknown]>([
    ['by itself', (promise) => promise()],
    ['in an object', (promise) => ({ a: { b: promise() } })],
    ['in a list, beside another', (promise) => [promise(), promise()]],
    ['in a set', (promise) => new Set([promise()])],
    ['in a map', (promise) => new Map([['a', promise()]])],
    ['as the key of a map', (promise) => new Map([[promise(), 1]])],
    ['under a symbol', (promise) => ({ [Symbol('state')]: promise() })],
    ['where it cannot be enumerated', (promise) => Object.defineProperty({}, 'hidden', { value: promise() })],
    ['on a promise', (promise) => Object.assign(Promise.resolve(), { of: promise() })],
    ['in a Subject', (promise) => [new BehaviorSubject(promise())]],
    ['behind a circle', (promise) => circleAround(promise())],
    ['beside a proxy that throws', (promise) => [throwingProxy(), { a: promise() }]],
  ])('DR-14 takes hold of what rejects %s, and no process ends', async (_where, holds) => {
    const crashes = await crashesOf(async () => {
      giveUp(holds(rejecting));
      await settle();
    });
    expect(crashes).toEqual([]);
  });

  it('DR-14 calls no accessor, and asks nothing that only then becomes a promise', () => {
    const [then, get] = [vi.fn<() => void>(), vi.fn<() => void>()];
    const value = { query: { then }, list: [Object.defineProperty({}, 'lazy', { get, enumerable: true })] };
    giveUp(value);
    expect([then, get].map(({ mock }) => mock.calls.length)).toEqual([0, 0]);
  });

  it('DR-14 begins no query that is a promise as well', async () => {
    const begun = vi.fn<() => void>();
    class Query extends Promise<never> {
      override then(): never {
        begun();
        throw new Error('begun');
      }
    }
    giveUp({ rows: new Query(() => undefined) });
    await settle();
    expect(begun).not.toHaveBeenCalled();
  });

  it('SL-12 ends the streams of its data, and none that an instance holds', async () => {
    class Holder {
      readonly stream = new Readable({ read: () => undefined });
    }
    const [own, holder] = [new Readable({ read: () => undefined }), new Holder()];
    giveUp({ files: [{ own }], holder });
    await settle();
    expect([own.destroyed, holder.stream.destroyed]).toEqual([true, false]);
    expect(holder.stream.listenerCount('error')).toBe(0);
  });

  it('DR-14 reads no bytes one by one', () => {
    const ownKeys = vi.spyOn(Reflect, 'ownKeys');
    giveUp({ file: Buffer.alloc(10_000) });
    const read = ownKeys.mock.calls.map(([of]) => of);
    ownKeys.mockRestore();
    expect(read.some((of) => ArrayBuffer.isView(of))).toBe(false);
  });
});

const ids = (count: number): number[] => Array.from({ length: count }, (_, id) => id);

const wide = (count: number): object[] =>
  Array.from({ length: count }, () => Object.fromEntries(ids(40).map((at) => [`f${at}`, { at }])));

describe('giveUpUnsent', () => {
  it('SL-12 ends the streams of each row of a long list', async () => {
    const rows = Array.from({ length: 100 }, (_, id) => ({ id, file: new Readable({ read: () => undefined }) }));
    giveUpUnsent({ rows });
    await settle();
    expect(rows.filter(({ file }) => !file.destroyed)).toEqual([]);
  });

  it.each([10, 100])('DR-14 takes hold of a promise among plain rows of %d fields', async (fields) => {
    const plain = (): object => Object.fromEntries(Array.from({ length: fields }, (_, at) => [`f${at}`, { at }]));
    const rows = [...Array.from({ length: 40 }, plain), rejecting(), plain()];
    const crashes = await crashesOf(async () => {
      giveUpUnsent(rows);
      giveUpUnsent(new Map(rows.map((row, at) => [at, row instanceof Promise ? rejecting() : row])));
      giveUpUnsent(new Set([...rows.slice(0, 40), rejecting()]));
      await settle();
    });
    expect(crashes).toEqual([]);
  });

  it.each([
    ['three hundred promises', () => Array.from({ length: 300 }, rejecting)],
    ['a promise behind wide rows, beside a list of ids', () => ({ ids: ids(100), users: [...wide(8), rejecting()] })],
    [
      'promises beside a list of texts',
      () => ({ tags: ids(100).map(String), items: Array.from({ length: 300 }, rejecting) }),
    ],
  ])('DR-14 takes hold of %s, in what a message leaves behind and in what is sent to nobody', async (_what, made) => {
    const crashes = await crashesOf(async () => {
      takeHoldBriefly(made());
      giveUpUnsent(made());
      await settle();
    });
    expect(crashes).toEqual([]);
  });

  it('DR-14 looks at a few rows of plain values, and at no end of promises', () => {
    let looks = 0;
    class Endless extends Array<unknown> {
      constructor(private readonly next: () => unknown) {
        super();
      }

      override *values(): ArrayIterator<unknown> {
        while (looks < 1_000_000) {
          looks++;
          yield this.next();
        }
      }
    }
    giveUpUnsent(new Endless(() => 1));
    expect(looks).toBeLessThan(100);
    looks = 0;
    giveUpUnsent(new Endless(() => Promise.resolve()));
    expect(looks).toBeLessThan(200_000);
  });

  it('DR-14 takes hold of a promise beside one that stands in many rows', async () => {
    const shared = rejecting();
    const values = Array.from({ length: 100 }, () => shared);
    const crashes = await crashesOf(async () => {
      giveUpUnsent({ values, of: [{ a: rejecting() }] });
      await settle();
    });
    expect(crashes).toEqual([]);
  });

  it('DR-14 takes hold of a promise beside a long list', async () => {
    const crashes = await crashesOf(async () => {
      giveUpUnsent({ rows: Array.from({ length: 100 }, (_, id) => id), of: [{ a: rejecting() }] });
      await settle();
    });
    expect(crashes).toEqual([]);
  });
});

describe('takeHold', () => {
  it('DR-14 SL-12 contains the errors of a stream once, and lets it go on', async () => {
    const stream = new Readable({ read: () => undefined });
    const of = new Set([stream]);
    takeHold({ of });
    takeHold({ of });
    await settle();
    expect([stream.destroyed, stream.listenerCount('error')]).toEqual([false, 1]);
  });
});

function circleAround(promise: Promise<never>): unknown {
  const circle: Record<string, unknown> = {};
  return Object.assign(circle, { circle, promise });
}

function throwingProxy(): object {
  const trap = (): never => {
    throw new Error('in a trap');
  };
  return new Proxy({}, { ownKeys: trap, getPrototypeOf: trap });
}
