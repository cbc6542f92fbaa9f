import 'reflect-metadata';
import { Transform, Type } from 'class-transformer';
import { Allow, IsIn, IsInt, IsNotEmpty, IsObject, IsOptional, IsString, registerDecorator } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { compilePayload } from '../compile-payload.js';
import { PayloadRefusal } from '../payload-run.js';
import type { DtoClass } from './dto-metadata.js';

class Tagged {
  @IsString({ each: true }) tags!: string[];
  @IsOptional() @IsIn(['a'], { each: true }) choice?: string[] | null;
  @IsOptional() @Allow() anything?: number[];
  @IsOptional() @IsString({ each: true }) untyped?: unknown;
}

class Collections {
  @Type(() => String) @IsString({ each: true }) set!: Set<string>;
  @IsOptional() @Type(() => String) @IsString({ each: true }) map?: Map<string, string>;
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.split(',') : value))
  @IsString({ each: true })
  list?: string[];
}

class Login {
  @IsNotEmpty() name!: string;
  @IsOptional() @IsNotEmpty() code?: number;
  @IsOptional() @Allow() isNew?: boolean;
}

function IsAnything(): PropertyDecorator {
  return (target, propertyName) => {
    const validator = { validate: () => true };
    registerDecorator({
      name: 'isString',
      target: target.constructor,
      propertyName: propertyName as string,
      validator,
    });
  };
}

class Impostor {
  @IsAnything() name!: string;
}

/** Its rule is for the items of a list, and there is none. */
class Single {
  @IsString({ each: true }) name!: string;
}

const failures = (type: DtoClass, sent: unknown): string[] => {
  const outcome = compilePayload(type).check(sent);
  return outcome instanceof PayloadRefusal ? outcome.issues.map(({ path, rule }) => `${path} ${rule}`) : [];
};

describe('what a property is declared as', () => {
  it.each([['abc'], [5], [true], [{ 0: 'a', length: 1 }], [{}]])(
    'MV-07 F15 refuses %j where a list is declared, whatever the rules of its items say',
    (value) => {
      expect(failures(Tagged, { tags: value })).toEqual(['tags isArray']);
      expect(failures(Tagged, { tags: [], choice: value })).toEqual(['choice isArray']);
      expect(failures(Tagged, { tags: [], anything: value })).toEqual(['anything isArray']);
      expect(failures(Tagged, { tags: [], untyped: value })).toEqual(['untyped isArray']);
    },
  );

  it('MV-07 leaves it to the rules whether a list may be missing, and what is in it', () => {
    expect(failures(Tagged, { tags: ['a'], choice: ['a'], anything: [1], untyped: ['x'] })).toEqual([]);
    expect(failures(Tagged, { tags: ['a'], choice: null })).toEqual([]);
    expect(failures(Tagged, {})).toEqual(['tags isString']);
    expect(failures(Tagged, { tags: null })).toEqual(['tags isString']);
    expect(failures(Tagged, { tags: [['a']] })).toEqual(['tags isString']);
  });

  it('MV-07 F15 refuses a single value where a set or a map is declared', () => {
    expect(compilePayload(Collections).check({ set: ['a'], map: { k: 'v' }, list: 'a,b' })).toEqual(
      Object.assign(new Collections(), { set: new Set(['a']), map: new Map([['k', 'v']]), list: ['a', 'b'] }),
    );
    expect(failures(Collections, { set: 'a' })).toEqual(['set isArray']);
    expect(failures(Collections, { set: { a: 'a' } })).toEqual(['set isArray']);
    expect(failures(Collections, { set: [], map: 'v' })).toEqual(['map isObject']);
    expect(failures(Collections, { set: [], map: ['v'] })).toEqual(['map isObject']);
    expect(failures(Collections, { set: [], list: 5 })).toEqual(['list isArray']);
  });

  it.each([[{ $gt: '' }], [{ $ne: null }], [[]], [['a']], [{ length: 1 }]])(
    'MV-14 refuses %j where a text, a number or a boolean is declared, also without a rule for its type',
    (value) => {
      expect(failures(Login, { name: value })).toEqual(['name isString']);
      expect(failures(Login, { name: 'a', code: value })).toEqual(['code isNumber']);
      expect(failures(Login, { name: 'a', isNew: value })).toEqual(['isNew isBoolean']);
      expect(failures(Impostor, { name: value })).toEqual(['name isString']);
      expect(failures(Single, { name: value })).toEqual(['name isString']);
    },
  );

  it.each([[2 ** 53], [-(2 ** 53)], [9007199254740994], [1e21]])(
    'MV-09 refuses %d for an integer: the parser may have rounded it',
    (value) => {
      class Counted {
        @IsInt() count!: number;
        @IsOptional() @IsInt({ each: true }) counts?: number[];
        @IsInt({ validateIf: () => true }) always = 1;
      }
      expect(failures(Counted, { count: value })).toEqual(['count isInt']);
      expect(failures(Counted, { count: 1, counts: [1, value] })).toEqual(['counts isInt']);
      expect(failures(Counted, { count: 1, always: value })).toEqual(['always isInt']);
      expect(failures(Counted, { count: -0, counts: [2 ** 53 - 1] })).toEqual([]);
    },
  );

  it('F15 leaves out the names of every object below a property without a class, as class-transformer does', () => {
    class Free {
      @IsObject() meta!: Record<string, unknown>;
      @IsOptional() @Allow() list?: unknown[];
    }
    // class-transformer itself makes this one.
    class Transformed extends Free {
      @IsOptional() @Transform(({ value }: { value: unknown }) => value) note?: string;
    }
    const own = JSON.parse(
      '{"toString":1,"hasOwnProperty":{"a":1},"valueOf":null,"kept":{"toLocaleString":1}}',
    ) as object;
    for (const type of [Free, Transformed]) {
      const outcome = compilePayload(type).check({ meta: own, list: [own, [own]] }) as Free;
      const kept = { kept: {} };
      expect(outcome).toEqual(Object.assign(new type(), { meta: kept, list: [kept, [kept]] }));
      expect(Object.keys(outcome.meta)).toEqual(['kept']);
    }
    expect(Object.keys(own)).toContain('toString');
  });
});
