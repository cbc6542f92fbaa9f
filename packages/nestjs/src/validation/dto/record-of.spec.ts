import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import { IsInt, IsOptional, IsString, Length, registerDecorator, validate } from 'class-validator';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePayload } from '../compile-payload.js';
import { PayloadRefusal } from '../payload-run.js';
import { RecordOf } from './record-of.decorator.js';

function IsFree(): PropertyDecorator {
  return (target, propertyName) => {
    const validator = { validate: (value: unknown) => Promise.resolve(value !== 'taken') };
    registerDecorator({ name: 'isFree', target: target.constructor, propertyName: propertyName as string, validator });
  };
}

class Leaf {
  @IsInt() count!: number;
}
class Holder {
  @RecordOf(() => Leaf, { maxKeys: 2, maxKeyLength: 3, keys: /^[a-z]+$/ }) leaves!: Record<string, Leaf>;
}
class Lists {
  @RecordOf(() => Leaf, { each: true }) leaves!: Record<string, Leaf>[];
}
class Grouped {
  @RecordOf(() => Leaf, { groups: ['create'] }) leaves!: Record<string, Leaf>;
  @IsString() @Length(1, 5) name!: string;
}
class Named {
  @IsFree() name!: string;
}
class Free {
  @RecordOf(() => Named) named!: Record<string, Named>;
}

const STRICT = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true };
const isValid = async (type: new () => object, sent: object): Promise<boolean> =>
  (await validate(plainToInstance(type, structuredClone(sent)), STRICT)).length === 0;

const leaf = fc.oneof(
  { weight: 8, arbitrary: fc.record({ count: fc.constantFrom(1, 2) }) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>({ count: 'x' }, { count: 1, more: 1 }, {}, [], null, 5, 'a') },
);
const keys = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('a', 'bc', 'def') },
  { weight: 1, arbitrary: fc.constantFrom('abcd', 'A', '1', '', 'a b') },
);
const records = fc.oneof(
  { weight: 8, arbitrary: fc.dictionary(keys, leaf, { maxKeys: 3 }).map((record) => ({ ...record })) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, 5, 'a', [], [{ count: 1 }]) },
);

describe('@RecordOf()', () => {
  it.each([
    [Holder, records.map((leaves) => ({ leaves }))],
    [Lists, fc.array(records, { maxLength: 2 }).map((leaves) => ({ leaves }))],
  ] as const)('MV-03 MV-07 judges %o as its rule does where class-validator asks it', async (type, payloads) => {
    const dto = compilePayload(type);
    const verdicts = { accepted: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(payloads as fc.Arbitrary<object>, async (sent) => {
        const outcome = await dto.check(sent);
        const isAccepted = !(outcome instanceof PayloadRefusal);
        verdicts[isAccepted ? 'accepted' : 'refused']++;
        expect(isAccepted).toBe(await isValid(type, sent));
        if (!isAccepted) return;
        const { leaves } = outcome as Lists | Holder;
        for (const value of [leaves].flat().flatMap((record) => Object.values(record))) {
          expect(value).toBeInstanceOf(Leaf);
        }
        expect(JSON.parse(JSON.stringify(outcome))).toEqual(sent);
      }),
      { numRuns: 500, seed: 20261127 },
    );
    expect(verdicts.accepted).toBeGreaterThan(50);
    expect(verdicts.refused).toBeGreaterThan(50);
  });

  it('MV-03 MV-07 refuses a record that is missing, unless @IsOptional() says that it may be', async () => {
    class Maybe {
      @IsOptional() @RecordOf(() => Leaf) leaves?: Record<string, Leaf>;
    }
    for (const sent of [{}, { leaves: undefined }, { leaves: null }]) {
      for (const type of [Holder, Lists, Maybe]) {
        const isRead = !((await compilePayload(type as new () => object).check(sent)) instanceof PayloadRefusal);
        expect([type, isRead]).toEqual([type, await isValid(type, sent)]);
        expect(isRead).toBe(type === Maybe);
      }
    }
  });

  it('MV-03 belongs to groups as every rule does', () => {
    const sent = { name: 'a', leaves: { a: { count: 1 } } };
    const created = compilePayload(Grouped, { selection: { groups: ['create'] } }).check(sent);
    expect((created as Grouped).leaves['a']).toBeInstanceOf(Leaf);
    const { issues } = compilePayload(Grouped, { selection: { groups: ['update'] } }).check(sent) as PayloadRefusal;
    expect(issues).toEqual([{ path: '*', rule: 'whitelistValidation' }]);
  });

  it('waits for asynchronous rules of its values, also where class-validator asks', async () => {
    const dto = compilePayload(Free);
    await expect(dto.check({ named: { a: { name: 'free' } } })).resolves.toBeInstanceOf(Free);
    await expect(dto.check({ named: { a: { name: 'free' }, b: { name: 'taken' } } })).resolves.toEqual(
      new PayloadRefusal([{ path: 'named.*.name', rule: 'isFree' }]),
    );
    expect(await isValid(Free, { named: { a: { name: 'free' } } })).toBe(true);
    expect(await isValid(Free, { named: { a: { name: 'taken' } } })).toBe(false);
  });

  it("is named in class-validator's messages without a value", async () => {
    const [error] = await validate(plainToInstance(Holder, { leaves: { canary: { count: 'canary' } } }));
    expect(error?.constraints).toEqual({
      recordOf: 'leaves must be a record whose names and values are as declared',
    });
  });
});
