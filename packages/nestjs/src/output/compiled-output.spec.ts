import 'reflect-metadata';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import { Allow } from 'class-validator';
import { describe, expect, it, vi } from 'vitest';
import { crashesOf } from '../../../../test/support/stub-pipeline.js';
import type { OutputDeclaration } from '../core/output.js';
import { compileOutput } from './compile-output.js';
import { CompiledOutput } from './compiled-output.js';
import { UnfitOutputError } from './output-run.js';

const SECRET = 'hunter2';

class Money {
  @Expose() amount!: number;
  @Expose() currency!: string;
}

class Profile {
  @Expose() city!: string;
  @Expose() @Type(() => Profile) friends?: Profile[];
}

class UserView {
  @Expose() id!: string;
  @Expose({ name: 'full_name' }) name!: string;
  @Expose() born?: Date;
  @Expose() active?: boolean;
  @Expose() profile?: Profile;
  @Expose() @Type(() => Money) balances?: Money[];
  @Expose() @Type(() => Money) byName?: Map<string, Money>;
  @Expose() @Type(() => String) tags?: Set<string>;
  @Expose() @Type(() => String) big?: bigint;
  @Expose() picture?: Buffer;
  @Expose() @Allow() extra?: unknown;
  @Expose({ groups: ['manager', 'owner'] }) margin?: number;
  @Expose() @Transform(({ obj }) => (obj as { first?: string }).first?.toUpperCase()) initial?: string;
  @Expose() get label(): string {
    return `${this.id}/${this.name}`;
  }
  @Expose() greeting(): string {
    return `hello ${this.name}`;
  }
  @Exclude() passwordHash?: string;
}

class Cat {
  @Expose() name!: string;
}
class Dog {
  @Expose() barks!: boolean;
}
class Owner {
  @Expose()
  @Type(() => Object, {
    discriminator: {
      property: 'kind',
      subTypes: [
        { name: 'cat', value: Cat },
        { name: 'dog', value: Dog },
      ],
    },
  })
  pet!: Cat | Dog;
}

/** A row with all that a client must not see, at every place. */
class UserRow {
  id = 'u1';
  name = 'Ann';
  first = 'ann';
  born = new Date(0);
  active = true;
  passwordHash = SECRET;
  profile = { city: 'Rome', secret: SECRET, friends: [{ city: 'Oslo', secret: SECRET }] };
  balances = [{ amount: 1, currency: 'EUR', secret: SECRET }];
  byName = new Map([['a', { amount: 2, currency: 'USD', secret: SECRET }]]);
  tags = new Set(['x']);
  big = 12n;
  picture = Buffer.from('a');
  extra = { a: [1, { b: new Date(0) }] };
  margin = 5;
  label = SECRET;
  toJSON(): unknown {
    return { secret: SECRET };
  }
}

function compile(declaration: OutputDeclaration, refusesUndeclared = false): CompiledOutput {
  const problems: string[] = [];
  const shape = compileOutput('here', declaration, (...problem) => problems.push(problem.join(' ')));
  if (shape === undefined) throw new Error(problems.join('\n'));
  return new CompiledOutput(declaration, shape, refusesUndeclared);
}

const sent = (declaration: OutputDeclaration, value: unknown, roles: string[] = []): unknown =>
  JSON.parse(JSON.stringify(compile(declaration).write(value, roles)));

const trap = (): never => {
  throw new Error('trap');
};

/** A proxy that answers nothing. */
const THROWING: ProxyHandler<object> = { get: trap, has: trap, ownKeys: trap, getPrototypeOf: trap };

describe('an output DTO', () => {
  it('OD-04 writes what it exposes, and nothing else of what was returned', () => {
    const written = sent(UserView, new UserRow());
    expect(written).toEqual({
      id: 'u1',
      full_name: 'Ann',
      born: '1970-01-01T00:00:00.000Z',
      active: true,
      profile: { city: 'Rome', friends: [{ city: 'Oslo' }] },
      balances: [{ amount: 1, currency: 'EUR' }],
      byName: { a: { amount: 2, currency: 'USD' } },
      tags: ['x'],
      big: '12',
      picture: { type: 'Buffer', data: [97] },
      extra: { a: [1, { b: '1970-01-01T00:00:00.000Z' }] },
      initial: 'ANN',
      label: 'u1/Ann',
      greeting: 'hello Ann',
    });
    expect(JSON.stringify(written)).not.toContain(SECRET);
  });

  it('OD-04 writes what a Standard Schema makes of a value, and nothing that it has issues with', () => {
    const schemaOf = (validate: (value: { id: string }) => unknown): OutputDeclaration =>
      ({ '~standard': { version: 1, vendor: 'own', validate } }) as never;
    const row = { id: 'u1', passwordHash: SECRET };
    expect(
      sent(
        schemaOf(({ id }) => ({ value: { id } })),
        row,
      ),
    ).toEqual({ id: 'u1' });
    expect(sent([schemaOf(({ id }) => ({ value: { id }, issues: undefined })) as never], [row])).toEqual([
      { id: 'u1' },
    ]);
    const wrong: unknown[] = [
      { issues: [{ message: 'no' }] },
      // A library that gives what it has so far beside its issues, or leaves the list empty.
      { value: row, issues: [{ message: 'no' }] },
      { value: row, issues: [] },
      {},
      null,
      'u1',
      Promise.resolve({ value: { id: 'u1' } }),
    ];
    for (const result of wrong)
      expect(() =>
        sent(
          schemaOf(() => result),
          row,
        ),
      ).toThrow(UnfitOutputError);
  });

  it('AZ-07 writes a property of a group for who has one of its roles', () => {
    expect(sent(UserView, new UserRow(), ['owner'])).toMatchObject({ margin: 5 });
    expect(sent(UserView, new UserRow(), ['Owner', 'toString'])).not.toHaveProperty('margin');
  });

  it('asks accessors of an instance of the DTO on that instance', () => {
    const view = Object.assign(new UserView(), { id: 'u2', name: 'Bob', passwordHash: SECRET });
    expect(sent(UserView, view)).toEqual({ id: 'u2', full_name: 'Bob', label: 'u2/Bob', greeting: 'hello Bob' });
  });

  it('takes what it exposes from accessors of an entity, and inherits', () => {
    class Base {
      @Expose() id!: string;
      @Expose() kept!: string;
    }
    class Derived extends Base {
      @Exclude() declare kept: string;
      @Expose() more!: number;
    }
    class Entity {
      #id = 'e';
      get id(): string {
        return this.#id;
      }
      kept = SECRET;
      more = 1;
    }
    expect(sent(Derived, new Entity())).toEqual({ id: 'e', more: 1 });
  });

  it('chooses one of several classes by the class of a value, or by its name', () => {
    const secret = SECRET;
    expect(sent(Owner, { pet: Object.assign(new Cat(), { name: 'Tom', secret }) })).toEqual({
      pet: { kind: 'cat', name: 'Tom' },
    });
    expect(sent(Owner, { pet: { kind: 'dog', barks: true, name: SECRET } })).toEqual({
      pet: { kind: 'dog', barks: true },
    });
    expect(() => sent(Owner, { pet: { kind: 'bird', name: SECRET } })).toThrow(UnfitOutputError);
  });

  it.each<readonly [what: string, declaration: OutputDeclaration, make: () => unknown]>([
    ['an object for a text', UserView, () => ({ id: { secret: SECRET } })],
    ['a list for a text', UserView, () => ({ id: [SECRET] })],
    ['a number for a text', UserView, () => ({ id: 1 })],
    ['a text for a number', Money, () => ({ amount: SECRET })],
    ['a text for a date', UserView, () => ({ born: SECRET })],
    ['a function for a text', UserView, () => ({ id: () => SECRET })],
    ['a symbol', UserView, () => ({ id: Symbol(SECRET) })],
    ['a bigint for a number', Money, () => ({ amount: 1n })],
    ['a list for an object', UserView, () => [new UserRow()]],
    ['a text for an object', UserView, () => SECRET],
    ['a list for a nested object', UserView, () => ({ profile: [{ city: SECRET }] })],
    ['a map for an object', UserView, () => new Map([['id', SECRET]])],
    ['a date for an object', UserView, () => new Date()],
    ['bytes for an object', UserView, () => Buffer.from(SECRET)],
    ['bytes for a text', UserView, () => ({ id: Buffer.from(SECRET) })],
    ['a promise for an object', UserView, () => Promise.reject(new Error(SECRET))],
    ['a promise for a property', UserView, () => ({ profile: Promise.reject(new Error(SECRET)) })],
    ['a function', UserView, () => () => SECRET],
    ['an object for a list', [UserView], () => new UserRow()],
    ['a text in a list', [UserView], () => [SECRET]],
    ['an object in a list of texts', [String], () => [{ secret: SECRET }]],
    ['an object for a text alone', String, () => ({ secret: SECRET })],
    ['an entity in plain data', UserView, () => ({ extra: { by: new UserRow() } })],
    ['a bigint in plain data', UserView, () => ({ extra: [1n] })],
    ['keys that are objects', UserView, () => ({ byName: new Map([[{}, { amount: 1 }]]) })],
  ])('OD-04 refuses what does not fit, and repeats nothing of it: %s', (_what, declaration, make) => {
    const attempt = () => compile(declaration).write(make(), []);
    expect(attempt).toThrow(UnfitOutputError);
    expect(attempt).not.toThrow(SECRET);
  });

  it.each<readonly [what: string, declaration: OutputDeclaration, make: (reject: () => unknown) => unknown]>([
    ['of two properties', UserView, (reject) => ({ id: reject(), name: reject(), profile: reject() })],
    ['in and beside a property', UserView, (reject) => ({ profile: { city: reject(), friends: [reject()] }, id: 1 })],
    ['that nobody has declared', UserView, (reject) => ({ id: reject(), other: { deep: [reject()] } })],
    ['in a list', [UserView], (reject) => [{ id: reject() }, { id: reject() }, reject()]],
    [
      'in a set and a map',
      UserView,
      (reject) => ({ tags: new Set([reject(), reject()]), byName: new Map([['a', reject()]]) }),
    ],
    ['in plain data', UserView, (reject) => ({ extra: [reject(), { a: reject() }] })],
    ['beside what throws', UserView, (reject) => ({ profile: new Proxy({}, THROWING), id: reject(), name: reject() })],
  ])('DR-14 ends no process with the promises %s, all of which reject', async (_what, declaration, make) => {
    const crashes = await crashesOf(() => {
      const value = make(() => Promise.reject(new Error(SECRET)));
      expect(() => compile(declaration).write(value, [])).toThrow(
        /and is a promise|trap|exposes nothing|is declared as/,
      );
      return Promise.resolve();
    });
    expect(crashes).toEqual([]);
  });

  it.each<readonly [what: string, value: () => object]>([
    [
      'an entity',
      () =>
        new (class Entity {
          passwordHash = SECRET;
        })(),
    ],
    ['a Date', () => new Date()],
    ['bytes', () => Buffer.from(SECRET)],
    ['a promise', () => Promise.resolve({ a: SECRET })],
  ])('OD-04 AZ-07 refuses %s where a Map is declared', (_what, make) => {
    class Labels {
      @Expose() @Type(() => String) labels!: Map<string, string>;
    }
    expect(() => sent(Labels, { labels: make() })).toThrow(UnfitOutputError);
    expect(sent(Labels, { labels: { a: 'b' } })).toEqual({ labels: { a: 'b' } });
  });

  it('MO-07 says where something does not fit without the keys of a map, or what else is data', () => {
    class Entity {}
    const place = (extra: unknown) => {
      try {
        sent(UserView, { extra });
        return 'sent';
      } catch (error) {
        return (error as UnfitOutputError).path.join('.');
      }
    };
    expect(place(new Map([['ann@example.com', new Entity()]]))).toBe('extra.*');
    expect(place({ 'ann@example.com': { inner: new Entity() } })).toBe('extra.*.inner');
  });

  it('DR-14 looks at no more of what was refused than could have been sent', () => {
    const read = vi.fn<() => void>();
    const many = Array.from({ length: 100_000 }, () => ({}));
    const counted = new Proxy(many, {
      get: (target, name, self) => (read(), Reflect.get(target, name, self) as unknown),
    });
    class Row {
      readonly id = { other: 1 };
      readonly others = counted;
    }
    expect(() => sent(UserView, new Row())).toThrow(UnfitOutputError);
    expect(read.mock.calls.length).toBeLessThan(5000);
  });

  it('DR-14 looks at little of what hangs on a row, and at each row for a promise of its own', async () => {
    const get = vi.fn<() => number>(() => 1);
    const far = Object.defineProperty({}, 'asked', { get, enumerable: true });
    const graph = { users: Array.from({ length: 3000 }, (_, id) => ({ id, of: far })) };
    const descriptors = vi.spyOn(Object, 'getOwnPropertyDescriptor');
    const crashes = await crashesOf(async () => {
      const rows = Array.from({ length: 100 }, (_, index) => ({
        amount: index,
        org: graph,
        lazy: index === 99 ? Promise.reject(new Error('of nobody')) : undefined,
      }));
      sent([Money], rows);
      await new Promise((resolve) => void setImmediate(resolve));
    });
    const looked = descriptors.mock.calls.length;
    descriptors.mockRestore();
    expect(crashes).toEqual([]);
    expect(get).not.toHaveBeenCalled();
    expect(looked).toBeLessThan(500);
  });

  it('DR-14 starts nothing that only becomes a promise when it is asked', () => {
    const then = vi.fn<() => void>();
    expect(() => compile(UserView).write({ id: 1, other: { then } }, [])).toThrow(UnfitOutputError);
    expect(then).not.toHaveBeenCalled();
  });

  it('sends an object that says itself how it is written as that, where it fits', () => {
    const objectId = { secret: SECRET, toJSON: () => '65f0' };
    expect(sent(UserView, { id: objectId })).toMatchObject({ id: '65f0' });
    expect(() => sent(UserView, { id: { toJSON: () => ({ secret: SECRET }) } })).toThrow(UnfitOutputError);
  });

  it('DR-14 ends what contains itself', () => {
    const profile: Record<string, unknown> = { city: 'Rome' };
    profile['friends'] = [profile, profile, profile];
    expect(() => sent(UserView, { profile })).toThrow(/nested too deeply|too many values/);
    const extra: unknown[] = [];
    extra.push(extra, extra);
    expect(() => sent(UserView, { extra })).toThrow(/nested too deeply|too many values/);
  });

  it('keeps names out that would change an object', () => {
    const extra = JSON.parse(`{"__proto__":{"isAdmin":true},"constructor":"${SECRET}","a":1}`) as unknown;
    const byName = JSON.parse('{"__proto__":{"amount":1},"a":{"amount":2}}') as unknown;
    const written = compile(UserView).write({ extra, byName }, []) as UserView;
    expect(written.extra).toEqual({ a: 1 });
    expect(written.byName).toEqual({ a: { amount: 2 } });
    for (const each of [written.extra, written.byName]) expect(Object.getPrototypeOf(each)).toBe(Object.prototype);
  });

  it('passes nothing as nothing', () => {
    expect(compile(UserView).write(null, [])).toBeNull();
    expect(compile([UserView]).write(undefined, [])).toBeUndefined();
    expect(sent([UserView], [null])).toEqual([null]);
    expect(sent(Profile, { city: null, friends: null })).toEqual({ city: null, friends: null });
  });
});

describe('an output DTO that finds undeclared fields', () => {
  const strict = (declaration: OutputDeclaration, value: unknown) => compile(declaration, true).write(value, []);

  it('names the field and its place, and not its value', () => {
    expect(() => strict(Profile, { city: 'Rome', secret: SECRET })).toThrow(
      "`secret` of what was to be sent is not exposed by Profile, and output.undeclaredFields is 'fail': " +
        'add @Expose() to it in Profile, @Exclude() where it must stay here, or do not load it.',
    );
    expect(() => strict(UserView, { profile: { friends: [{ city: 'a' }, { secret: SECRET }] } })).toThrow(
      '`profile.friends.1.secret` of what',
    );
  });

  it('passes what is declared: exposed, excluded, of a group, or absent', () => {
    expect(strict(UserView, { id: 'u', name: 'n', passwordHash: SECRET, margin: 1, more: undefined })).toMatchObject({
      id: 'u',
    });
    expect(strict(Owner, { pet: { kind: 'cat', name: 'Tom' } })).toEqual({ pet: { kind: 'cat', name: 'Tom' } });
  });
});

describe('a declaration that says too little', () => {
  class Nothing {
    id!: string;
  }
  class Item {
    @Expose() value!: number;
  }
  class Vague {
    @Expose() list!: Item[];
    @Expose() map!: Map<string, Item>;
    @Expose() any!: unknown;
    @Expose() union!: string | number;
    @Expose() nothing!: Nothing;
    @Expose() big!: bigint;
    @Expose() @Type(() => Nothing) named!: Nothing;
    @Expose({ name: '__proto__' }) proto!: string;
  }

  const problemsOf = (declaration: unknown): string[] => {
    const places: string[] = [];
    expect(compileOutput('here', declaration, (where) => places.push(where))).toBeUndefined();
    return places;
  };

  it('is told what to write for a text that may be null, and that works', () => {
    class Bare {
      @Expose() note!: string | null;
    }
    class Typed {
      @Expose() @Type(() => String) note!: string | null;
    }
    expect(() => compile(Bare)).toThrow('Bare.note is declared as any, an interface or a union');
    expect(() => compile(Bare)).toThrow('add @Type(() => String) to a text that may be null');
    expect([null, 'x'].map((note) => sent(Typed, { note }))).toEqual([{ note: null }, { note: 'x' }]);
  });

  it('is reported with each property that it leaves open, each time that it is asked for', () => {
    const places = ['list', 'map', 'any', 'union', 'nothing', 'big', 'named', 'proto'].map((name) => `Vague.${name}`);
    expect(problemsOf(Vague)).toEqual(places);
    expect(problemsOf([Vague])).toEqual(places);
    expect(problemsOf(Nothing)).toEqual(['Nothing']);
  });

  it.each([[undefined], [null], ['text'], [{}], [[]], [[Item, Item]], [[undefined]], [() => Item], [[[Item]]]])(
    'is none: %o',
    (declaration) => {
      expect(problemsOf(declaration)).toEqual(['here']);
    },
  );
});
