import { BehaviorSubject } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { crashesOf, settle } from '../../../../test/support/stub-pipeline.js';
import { lookThrough } from './look-through.js';

const rejecting = async (): Promise<never> => Promise.reject(new Error('of nobody'));

class Written {
  readonly state = { promise: undefined };

  toJSON(): unknown {
    return 'written';
  }
}

describe('lookThrough', () => {
  it.each<readonly [what: string, value: unknown, finding: string]>([
    ['plain data', { id: 'a', rows: [{ id: 1 }, null, undefined, new Date(0), Buffer.from('a')] }, 'clear'],
    ['a text', '{}', 'clear'],
    ['null', null, 'clear'],
    ['an object without a prototype', Object.assign(Object.create(null) as object, { id: 1 }), 'clear'],
    ['a Map', { of: new Map([['a', 1]]) }, 'clear'],
    ['a promise with data', [{ of: Object.assign(Promise.resolve(), { text: 'a' }) }], 'doubtful'],
    ['a Subject', { of: new BehaviorSubject(1) }, 'doubtful'],
    ['an instance that says how it is written', [new Written()], 'doubtful'],
    ['an iterable of no class', { rows: { [Symbol.asyncIterator]: () => undefined } }, 'doubtful'],
    ['an iterable with data', { rows: { id: 1, [Symbol.asyncIterator]: () => undefined } }, 'clear'],
    ['an empty object', { rows: {} }, 'clear'],
    ['data that says how it is written', { toJSON: () => 1 }, 'doubtful'],
    ['a proxy of a list', new Proxy([], {}), 'clear'],
  ])('OD-01 tells of %s what its JSON may not show', (_what, value, finding) => {
    expect(lookThrough(value)).toBe(finding);
  });

  it('DR-14 survives a value whose traps throw, and leaves it to its JSON', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(lookThrough([proxy])).toBe('doubtful');
  });

  it('DR-14 takes hold of what is hidden, up to the thousandth value', async () => {
    const holder = (): object => ({ [Symbol('state')]: rejecting(), of: new Map([[rejecting(), rejecting()]]) });
    expect(await crashesOf(async () => (lookThrough([1, holder()]), settle()))).toEqual([]);
    const far = [...Array.from({ length: 1000 }, (_, index) => index), { of: new Set([rejecting()]) }];
    expect(await crashesOf(async () => (lookThrough(far), settle()))).toHaveLength(1);
  });

  it('DR-14 ends for a circle', () => {
    const circle: Record<string, unknown> = {};
    circle['circle'] = [circle];
    expect(lookThrough(circle)).toBe('unfinished');
  });

  it('DR-14 asks of a class what it hides, until sixteen of it have hidden nothing', async () => {
    class Row {
      constructor(public id: number) {}
    }
    const row = (id: number): Row => Object.defineProperty(new Row(id), 'state', { value: rejecting() });
    for (let id = 0; id < 15; id++) lookThrough(new Row(id));
    expect(await crashesOf(async () => (lookThrough([row(15), row(16)]), settle()))).toEqual([]);
    for (let id = 0; id < 16; id++) lookThrough(new Row(id));
    expect(await crashesOf(async () => (lookThrough(row(17)), settle()))).toHaveLength(1);
  });

  it('DR-14 calls no accessor of what says itself how it is written', () => {
    const get = vi.fn<() => void>();
    lookThrough(Object.defineProperty(new Written(), 'lazy', { get, enumerable: true }));
    expect(get).not.toHaveBeenCalled();
  });
});
