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
  it.each<readonly [what: string, value: unknown, isDoubtful: boolean]>([
    ['plain data', { id: 'a', rows: [{ id: 1 }, null, undefined, new Date(0), Buffer.from('a')] }, false],
    ['a text', '{}', false],
    ['null', null, false],
    ['an object without a prototype', Object.assign(Object.create(null) as object, { id: 1 }), false],
    ['a Map', { of: new Map([['a', 1]]) }, false],
    ['a promise with data', [{ of: Object.assign(Promise.resolve(), { text: 'a' }) }], true],
    ['a Subject', { of: new BehaviorSubject(1) }, true],
    ['an instance that says how it is written', [new Written()], true],
    ['data that says how it is written', { toJSON: () => 1 }, true],
    ['a proxy of a list', new Proxy([], {}), false],
  ])('OD-01 tells of %s whether its JSON may not show what it is', (_what, value, isDoubtful) => {
    expect(lookThrough(value)).toBe(isDoubtful);
  });

  it('DR-14 survives a value whose traps throw, and leaves it to its JSON', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(lookThrough([proxy])).toBe(true);
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
    expect(lookThrough(circle)).toBe(false);
  });

  it('DR-14 calls no accessor of what says itself how it is written', () => {
    const get = vi.fn<() => void>();
    lookThrough(Object.defineProperty(new Written(), 'lazy', { get, enumerable: true }));
    expect(get).not.toHaveBeenCalled();
  });
});
