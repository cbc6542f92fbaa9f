import 'reflect-metadata';
import { Type } from 'class-transformer';
import { IsInt, IsObject, IsString, ValidateNested } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { BootProblems } from '../../core/boot-problems.js';
import { type DtoClass, readProperties } from './dto-metadata.js';
import { RecordOf, type RecordOfOptions } from './record-of.decorator.js';
import { checkRecord } from './record-problems.js';

class Price {
  @IsInt() amount!: number;
}
class Bare {
  amount = 0;
}
class Grouped {
  @IsString({ groups: ['create'] }) name!: string;
}

function check(type: DtoClass, selection = {}) {
  const property = readProperties(type).find(({ name }) => name === 'prices');
  if (property === undefined) throw new Error(`${type.name}.prices is not declared.`);
  const problems = new BootProblems();
  const held = checkRecord(type, property, selection, problems);
  expect(problems.problems.every(({ where }) => where === `${type.name}.prices`)).toBe(true);
  return { held, problems: problems.problems.map(({ problem, fix }) => [problem, fix]) };
}

/** A class whose only property is such a record. */
function recordOf(type: () => unknown, options: RecordOfOptions = {}): DtoClass {
  class Quote {
    @RecordOf(type, options) prices!: Record<string, unknown>;
  }
  return Quote;
}

const CONTRADICTED = [
  'is a @RecordOf() and has @ValidateNested() or @Type(), which take the record for one object.',
  'keep @RecordOf(() => TheDto) alone',
];
const BOUNDS = [
  'has wrong bounds in @RecordOf(): maxKeys is a whole number up to 100000, maxKeyLength one up to 1024.',
  '@RecordOf(() => TheDto, { maxKeys: 20, maxKeyLength: 64 })',
];
const KEYS = [
  'has keys in @RecordOf() that are no regular expression, or one with g or y, which remembers where it was.',
  '@RecordOf(() => TheDto, { keys: /^[a-z]{1,20}$/ })',
];
const UNJUDGED = [
  'is a @RecordOf() of a class without class-validator decorators: every value in it is refused.',
  'name a class whose properties are decorated, such as @IsString(), or String, Number or Boolean',
];

describe('checkRecord', () => {
  it('MV-02 takes a record of a class, and names the class', () => {
    expect(check(recordOf(() => Price))).toEqual({ held: [Price], problems: [] });
  });

  it.each([String, Number, Boolean])('MV-02 takes a record of %o, which is no class to look at', (type) => {
    expect(check(recordOf(() => type))).toEqual({ held: [], problems: [] });
  });

  it('MV-02 has nothing to say of what is no record', () => {
    class Plain {
      @IsObject() @ValidateNested() @Type(() => Bare) prices!: Bare;
    }
    expect(check(Plain)).toEqual({ held: [], problems: [] });
  });

  it.each<readonly [what: string, type: () => unknown]>([
    ['a class without decorators', () => Bare],
    ['nothing', () => undefined],
    [
      'what is not there yet',
      () => {
        throw new ReferenceError();
      },
    ],
    ['a text', () => 'Price'],
    ['objects', () => Object],
  ])('MV-02 MV-03 refuses a record of %s', (_, type) => {
    expect(check(recordOf(type))).toEqual({ held: [], problems: [UNJUDGED] });
  });

  it('MV-02 judges its class by the groups of the handler', () => {
    const type = recordOf(() => Grouped);
    expect(check(type, { groups: ['create'] })).toEqual({ held: [Grouped], problems: [] });
    expect(check(type, { groups: ['update'] })).toEqual({ held: [], problems: [UNJUDGED] });
  });

  it('MV-07 refuses a record that is an object of a class as well', () => {
    class Nested {
      @RecordOf(() => Price) @ValidateNested() prices!: Record<string, Price>;
    }
    class Typed {
      @RecordOf(() => Price) @Type(() => Price) prices!: Record<string, Price>;
    }
    for (const type of [Nested, Typed]) expect(check(type)).toEqual({ held: [Price], problems: [CONTRADICTED] });
  });

  it.each([Map, Set, String, Number, Boolean])('MV-07 refuses a record that is declared as a %o', (declared) => {
    const type = recordOf(() => Price);
    Reflect.defineMetadata('design:type', declared, type.prototype as object, 'prices');
    const problem = `is a @RecordOf() and declared as a ${declared.name}: the handler gets a plain object.`;
    expect(check(type)).toEqual({ held: [Price], problems: [[problem, 'prices: Record<string, TheDto>']] });
  });

  it.each([Object, Array])('MV-07 takes one that is declared as %o', (declared) => {
    const type = recordOf(() => Price);
    Reflect.defineMetadata('design:type', declared, type.prototype as object, 'prices');
    expect(check(type).problems).toEqual([]);
  });

  it('MV-02 refuses a record that is declared twice', () => {
    class Twice {
      @RecordOf(() => Price) @RecordOf(() => Price) prices!: Record<string, Price>;
    }
    expect(check(Twice).problems).toEqual([
      ['has @RecordOf() twice, of which only the upper one would hold.', 'keep one'],
    ]);
  });

  it('MV-02 refuses options that are none', () => {
    const options = { maxKey: 1, key: /a/ } as RecordOfOptions;
    expect(check(recordOf(() => Price, options)).problems).toEqual([
      [
        'has maxKey and key in @RecordOf(), which is no option of it.',
        '@RecordOf(() => TheDto, { maxKeys: 20, maxKeyLength: 64, keys: /^[a-z]{1,20}$/ })',
      ],
    ]);
  });

  it.each<readonly [options: object, problems: readonly (readonly string[])[]]>([
    [{ maxKeys: 1, maxKeyLength: 1 }, []],
    [{ maxKeys: 100_000, maxKeyLength: 1024 }, []],
    [{ maxKeys: 0 }, [BOUNDS]],
    [{ maxKeys: 100_001 }, [BOUNDS]],
    [{ maxKeys: 1.5 }, [BOUNDS]],
    [{ maxKeys: '20' }, [BOUNDS]],
    [{ maxKeys: Infinity }, [BOUNDS]],
    [{ maxKeyLength: 0 }, [BOUNDS]],
    [{ maxKeyLength: 1025 }, [BOUNDS]],
    [{ maxKeyLength: NaN }, [BOUNDS]],
    [{ keys: /^[a-z]$/ }, []],
    [{ keys: /^[a-z]$/iu }, []],
    [{ keys: /^[a-z]$/g }, [KEYS]],
    [{ keys: /^[a-z]$/y }, [KEYS]],
    [{ keys: '^[a-z]$' }, [KEYS]],
    [{ keys: null }, [KEYS]],
    [{ maxKeys: 0, keys: 'a' }, [BOUNDS, KEYS]],
  ])('MV-06 judges the bounds %j', (options, problems) => {
    expect(check(recordOf(() => Price, options))).toEqual({ held: [Price], problems });
  });
});
