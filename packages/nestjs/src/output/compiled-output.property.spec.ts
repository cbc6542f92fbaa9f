import 'reflect-metadata';
import { Exclude, Expose, instanceToPlain, plainToInstance, Transform, Type } from 'class-transformer';
import { Allow } from 'class-validator';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileOutput } from './compile-output.js';
import { CompiledOutput } from './compiled-output.js';

class Leaf {
  @Expose() text!: string;
  @Expose() number!: number;
  @Expose({ groups: ['a', 'b'] }) grouped?: boolean;
  hidden?: string;
}

class Derived extends Leaf {
  @Exclude() declare text: string;
  @Expose() own?: string;
}

class Tree {
  @Expose() name!: string;
  @Expose() at?: Date;
  @Expose() @Type(() => Leaf) leaf?: Leaf;
  @Expose() @Type(() => Derived) derived?: Derived[];
  @Expose() @Type(() => Leaf) set?: Set<Leaf>;
  @Expose() @Type(() => Leaf) map?: Map<string, Leaf>;
  @Expose() @Type(() => Tree) children?: Tree[];
  @Expose() @Type(() => String) text?: string;
  @Expose() @Type(() => Number) number?: number;
  @Expose() @Type(() => Boolean) flag?: boolean;
  @Expose() @Type(() => String) texts?: string[];
  @Expose() @Allow() plain?: unknown;
  @Expose() @Transform(({ value }) => (typeof value === 'string' ? value.trim() : (value as unknown))) trimmed?: string;
  @Expose() get upper(): string {
    return String(this.name).toUpperCase();
  }
  @Expose() count(): number {
    return this.texts?.length ?? 0;
  }
  @Exclude() secret?: string;
}

class Renamed {
  @Expose({ name: 'full_name' }) name!: string;
  @Expose() @Transform(({ value }) => `${value as string}!`, { toPlainOnly: true }) loud?: string;
  @Expose({ toClassOnly: true }) input?: string;
  @Expose({ toPlainOnly: true }) output?: string;
  hidden?: string;
}

/** Present, absent, null, and with something beside it that nobody exposes. */
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 3, nil: null });
const text = fc.string({ maxLength: 5 });
const number = fc.integer();
const date = fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true });

const leaf = fc.record(
  { text: optional(text), number: optional(number), grouped: fc.boolean(), hidden: text, own: text },
  { requiredKeys: [] },
);

/** Keys that class-transformer asks of an object by itself are none of a record here. */
const key = fc.stringMatching(/^[a-z]{1,4}$/);
const plain = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(text, number, fc.boolean(), fc.constant(null)),
    fc.array(tie('any'), { maxLength: 2 }),
    fc.dictionary(key, tie('any'), { maxKeys: 2, noNullPrototype: true }),
  ),
})).any;

const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.record(
    {
      name: text,
      at: optional(date),
      leaf: optional(leaf),
      derived: optional(fc.array(leaf, { maxLength: 2 })),
      set: fc.array(leaf, { maxLength: 2 }).map((items) => new Set(items)),
      children: fc.array(tie('tree'), { maxLength: 2, depthIdentifier: 'tree' }),
      text: optional(fc.oneof(text, number, fc.boolean())),
      number: optional(fc.oneof(number, fc.boolean())),
      flag: optional(fc.oneof(text, number, fc.boolean())),
      texts: fc.array(fc.oneof(text, number), { maxLength: 2 }),
      plain: optional(plain),
      trimmed: optional(text),
      secret: text,
      other: plain,
    },
    { requiredKeys: ['name'], noNullPrototype: true },
  ),
}));

const records = optional(fc.dictionary(key, leaf, { maxKeys: 2, noNullPrototype: true }));

/** The same as an entity of another class. */
const asEntity = (value: object): object => Object.assign(new (class Entity {})(), value);

const roles = fc.subarray(['a', 'b', 'c']);

function outputOf(type: abstract new () => object): CompiledOutput {
  const shape = compileOutput('here', type, (...problem) => expect.fail(problem.join(' ')));
  if (shape === undefined) throw new Error('unreachable: a problem has failed the test');
  return new CompiledOutput(type, shape, false);
}

const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('an output DTO', () => {
  it('OD-04 writes what class-transformer writes of it', () => {
    const output = outputOf(Tree);
    fc.assert(
      fc.property(tree, records, roles, fc.boolean(), (value, record, groups, isEntity) => {
        const map = record === null ? null : new Map(Object.entries(record));
        const given = { ...(value as object), map };
        const options = { excludeExtraneousValues: true, groups };
        // From a Map class-transformer makes an empty one; it reads the record alike.
        const expected = instanceToPlain(plainToInstance(Tree, { ...given, map: record }, options), options);
        expect(json(output.write(isEntity ? asEntity(given) : given, groups))).toEqual(json(expected));
      }),
      { numRuns: 500 },
    );
  });

  it('OD-04 writes what class-transformer writes of an instance: names, and marks of one direction', () => {
    const output = outputOf(Renamed);
    const fields = fc.record({ name: text, loud: text, input: text, output: text, hidden: text });
    fc.assert(
      fc.property(fields, (value) => {
        const instance = Object.assign(new Renamed(), value);
        const expected = instanceToPlain(instance, { excludeExtraneousValues: true });
        expect(json(output.write(instance, []))).toEqual(json(expected));
      }),
    );
  });
});
