import { describe, expect, it } from 'vitest';
import { createPrincipal } from '../core/principal.js';
import { WsBatchPolicy } from './ws-batch-policy.js';
import { Denial, type Grant, type WsPolicyContext } from './ws-policy.js';

interface Item {
  readonly id: string;
  readonly ownerId: string;
}

const item = (id: string, ownerId = 'alice'): Item => ({ id, ownerId });

const principal = createPrincipal({ kind: 'jwt', issuer: 'test', id: 'alice' });

/** A policy whose parts answer whatever they are given, types or no types. */
class Items extends WsBatchPolicy<{ ids: unknown }, Item> {
  readonly lookups: (readonly string[])[] = [];
  readonly judged: string[] = [];

  constructor(
    private readonly found: unknown,
    private readonly verdict: (item: Item) => unknown = ({ ownerId }) => ownerId === principal.id,
  ) {
    super();
  }

  protected idsOf({ ids }: { ids: unknown }) {
    return ids as readonly string[];
  }

  protected find(ids: readonly string[]): Iterable<Item> | Promise<Iterable<Item>> {
    this.lookups.push(ids);
    return this.found as Iterable<Item>;
  }

  protected idOf({ id }: Item) {
    return id;
  }

  protected allows(one: Item) {
    this.judged.push(one.id);
    return this.verdict(one) as boolean;
  }

  ask(ids: unknown) {
    return this.authorize({ data: { ids }, principal } as unknown as WsPolicyContext<{ ids: unknown }>);
  }
}

describe('WsBatchPolicy', () => {
  const [a, b, foreign] = [item('a'), item('b'), item('c', 'bob')];

  it('AZ-11 AZ-15 judges the ids that were sent, whatever becomes of the list during the look-up', async () => {
    const ids = ['a', 'b'];
    class Slow extends Items {
      protected override async find(asked: readonly string[]): Promise<Iterable<Item>> {
        await Promise.resolve();
        ids.splice(0, ids.length, 'c');
        return super.find(asked);
      }
    }
    const policy = new Slow([a, b, foreign], () => true);
    expect(((await policy.ask(ids)) as Grant<readonly Item[]>).resource).toEqual([a, b]);
    expect(policy.lookups).toEqual([['a', 'b']]);
    expect(policy.judged).toEqual(['a', 'b']);
  });

  it('AZ-04 grants the objects that it judged, in the order of the ids, after one look-up', async () => {
    const policy = new Items([a, b, foreign]);
    const { resource } = (await policy.ask(['b', 'a'])) as Grant<readonly Item[]>;
    expect(resource[0]).toBe(b);
    expect(resource[1]).toBe(a);
    expect(resource).toHaveLength(2);
    expect(Object.isFrozen(resource)).toBe(true);
    expect(policy.lookups).toEqual([['b', 'a']]);
    // What was found besides is neither judged nor handed on.
    expect(policy.judged).toEqual(['b', 'a']);
  });

  it.each([[NaN], [undefined], [0]])(
    'AZ-09 refuses every message where maxIds is %s, as of an unset variable',
    async (most) => {
      class Unbounded extends Items {
        override readonly maxIds = most as number;
      }
      const policy = new Unbounded([a, b]);
      expect(await policy.ask(['a'])).toBeInstanceOf(Denial);
      expect(policy.lookups).toEqual([]);
    },
  );

  it.each<readonly [what: string, ids: unknown]>([
    ['a foreign one among its own', ['a', 'c']],
    ['a missing one among its own', ['a', 'z']],
    ['another spelling', ['A']],
    ['no ids', []],
    ['one id twice', ['a', 'a']],
    ['an empty id', ['']],
    ['an id of another type', [{ toString: () => 'a' }]],
    ['a list in the list', [['a']]],
    ['NaN', [Number.NaN]],
    ['no list', 'a'],
    ['nothing', undefined],
    ['an object that looks like a list', { length: 1, 0: 'a' }],
  ])('AZ-04 refuses %s', async (_, ids) => {
    expect(await new Items([a, b, foreign]).ask(ids)).toBeInstanceOf(Denial);
  });

  it('AZ-04 AZ-09 rejects where the look-up changes the ids: it was to find all of them', async () => {
    class Shortening extends Items {
      protected override find(asked: readonly string[]): Iterable<Item> {
        (asked as string[]).pop();
        return [a];
      }
    }
    await expect(new Shortening([]).ask(['a', 'c'])).rejects.toThrow(TypeError);
  });

  it('AZ-04 looks nothing up where one id is named twice', async () => {
    const policy = new Items([a]);
    expect(await policy.ask(['a', 'a'])).toBeInstanceOf(Denial);
    expect(policy.lookups).toEqual([]);
  });

  it.each<readonly [what: string, id: unknown]>([
    ['the empty text', ''],
    ['NaN', Number.NaN],
    ['a fraction', 1.5],
    ['a number that is not exact', 2 ** 53],
    ['an object', { toString: () => 'a' }],
    ['null', null],
    ['true', true],
  ])('AZ-04 takes %s for no id, even where an object has it', async (_, id) => {
    const policy = new Items([{ id, ownerId: 'alice' }]);
    expect(await policy.ask([id])).toBeInstanceOf(Denial);
    expect(policy.lookups).toEqual([]);
  });

  it.each([0, -1, Number.MAX_SAFE_INTEGER, '0'])('AZ-04 takes %j for an id', async (id) => {
    const found = { id, ownerId: 'alice' };
    expect(await new Items([found]).ask([id])).toMatchObject({ resource: [found] });
  });

  it('AZ-04 looks nothing up where more ids are named than may be', async () => {
    const policy = new Items([a]);
    expect(await policy.ask(Array.from({ length: 101 }, (_, index) => `i${index}`))).toBeInstanceOf(Denial);
    expect(policy.lookups).toEqual([]);
  });

  it.each<readonly [what: string, verdict: () => unknown]>([
    ['"true"', () => 'true'],
    ['1', () => 1],
    ['an object', () => ({})],
    ['nothing', () => undefined],
    ['a promise of false', () => Promise.resolve(false)],
    ['a promise of 1', () => Promise.resolve(1)],
  ])('AZ-09 refuses where the verdict is %s', async (_, verdict) => {
    expect(await new Items([a], verdict).ask(['a'])).toBeInstanceOf(Denial);
  });

  it('AZ-09 rejects once where verdicts throw and reject together', async () => {
    const verdict = ({ id }: Item): unknown => {
      if (id === 'b') throw new Error('at once');
      return Promise.reject(new Error('later'));
    };
    await expect(new Items([a, b], verdict).ask(['a', 'b'])).rejects.toThrow(/at once|later/);
  });

  it.each<readonly [what: string, found: unknown]>([
    ['two objects of one id', [a, item('a', 'bob')]],
    ['nothing at all', undefined],
    ['a list of nothing', [undefined]],
  ])('AZ-09 rejects where the look-up finds %s', async (_, found) => {
    await expect(new Items(found).ask(['a'])).rejects.toThrow(TypeError);
  });
});
