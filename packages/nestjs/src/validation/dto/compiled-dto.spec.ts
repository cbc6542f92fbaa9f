import 'reflect-metadata';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import {
  Allow,
  ArrayMaxSize,
  IsArray,
  IsEmail,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  Min,
  MinLength,
  ValidateIf,
  ValidateNested,
  type ValidationArguments,
} from 'class-validator';
import { describe, expect, it } from 'vitest';
import { compilePayload } from '../compile-payload.js';
import { type CompileOptions, PayloadRefusal } from '../payload-run.js';
import type { DtoClass } from './dto-metadata.js';

class Flat {
  @IsString()
  @MaxLength(5)
  name!: string;

  @IsInt()
  @Min(1)
  count!: number;
}

class Line {
  @IsString()
  sku!: string;

  @IsOptional()
  @ValidateNested()
  @Type(() => Line)
  parent?: Line;
}

class Basket {
  @ValidateNested()
  @Type(() => Line)
  first!: Line;

  @IsArray()
  @ArrayMaxSize(3)
  @ValidateNested({ each: true })
  @Type(() => Line)
  lines!: Line[];
}

/** The rules that failed, as `path rule`. */
const failures = (type: DtoClass, sent: unknown, options?: CompileOptions): string[] => {
  const outcome = compilePayload(type, options).check(sent);
  return outcome instanceof PayloadRefusal ? outcome.issues.map(({ path, rule }) => `${path} ${rule}`) : [];
};

describe('compileDto', () => {
  it('makes an instance of the class, with its defaults', () => {
    class Page {
      @IsInt()
      page = 1;

      @IsOptional()
      @IsInt()
      size?: number;
    }
    const outcome = compilePayload(Page).check({ size: 10 });
    expect(outcome).toBeInstanceOf(Page);
    expect(outcome).toEqual({ page: 1, size: 10 });
  });

  it('makes instances of nested classes, at every depth', () => {
    const sent = { first: { sku: 'a', parent: { sku: 'b' } }, lines: [{ sku: 'c' }, { sku: 'd', parent: null }] };
    const outcome = compilePayload(Basket).check(sent) as Basket;
    expect(outcome).toBeInstanceOf(Basket);
    expect(outcome.first.parent).toBeInstanceOf(Line);
    expect(outcome.lines[1]).toBeInstanceOf(Line);
    expect(outcome).toEqual(sent);
  });

  it.each([[null], [undefined], [0], [''], ['{}'], [true], [[]], [[{ name: 'a', count: 1 }]], [Symbol('a')]])(
    'MV-08 refuses %s where an object is declared',
    (sent) => {
      expect(failures(Flat, sent)).toEqual([' isObject']);
    },
  );

  it('MV-08 refuses an empty object where properties are required, and takes it where none is', () => {
    class Nothing {
      @IsOptional()
      @IsString()
      text?: string;
    }
    expect(failures(Flat, {})).toEqual(['name isString', 'count isInt']);
    expect(compilePayload(Nothing).check({})).toBeInstanceOf(Nothing);
  });

  it.each<[unknown, string[]]>([
    [{ name: 'a', count: 1, isAdmin: true }, ['* whitelistValidation']],
    [{ name: 'a', count: 1, x: 1, y: 2 }, ['* whitelistValidation']],
    [JSON.parse('{"name":"a","count":1,"__proto__":{"isAdmin":true}}'), ['* whitelistValidation']],
    [{ name: 'a', count: 1, constructor: {} }, ['* whitelistValidation']],
    [{ name: 'a', count: 1, toString: 1 }, ['* whitelistValidation']],
    [{ name: 'a', count: 1, hasOwnProperty: 1 }, ['* whitelistValidation']],
  ])('MV-03 MV-16 refuses the unknown property of %j without repeating its name', (sent, expected) => {
    expect(failures(Flat, sent)).toEqual(expected);
  });

  it('MV-03 refuses unknown properties of nested objects', () => {
    const sent = { first: { sku: 'a', isAdmin: 1 }, lines: [{ sku: 'b' }, { sku: 'c', role: 'x' }] };
    expect(failures(Basket, sent)).toEqual(['first.* whitelistValidation', 'lines.1.* whitelistValidation']);
  });

  it('MV-03 never lets an unvalidated class through', () => {
    class Bare {
      name!: string;
    }
    expect(() => compilePayload(Bare)).toThrow('Bare has no class-validator decorators');
  });

  it('MV-03 refuses a nested object whose class has no decorators', () => {
    class Bare {
      x?: number;
    }
    class Outer {
      @ValidateNested()
      @Type(() => Bare)
      inner!: Bare;
    }
    expect(failures(Outer, { inner: {} })).toEqual(['inner unknownValue']);
    expect(failures(Outer, { inner: { x: 1 } })).toEqual(['inner unknownValue']);
  });

  it('MV-03 refuses a nested object without @Type', () => {
    class Outer {
      @ValidateNested()
      inner!: Line;
    }
    expect(failures(Outer, { inner: { sku: 'a' } })).toEqual(['inner unknownValue']);
  });

  it.each<[unknown, string[]]>([
    [{ first: [], lines: [] }, ['first nestedValidation']],
    [{ first: [{ sku: 'a' }], lines: [] }, ['first nestedValidation']],
    [{ first: { sku: 'a' }, lines: { sku: 'a' } }, ['lines isArray']],
    [{ first: { sku: 'a' }, lines: [[]] }, ['lines.0 nestedValidation']],
    [{ first: { sku: 'a' }, lines: [{ sku: 'b' }, [{ sku: 'c' }]] }, ['lines.1 nestedValidation']],
    [{ first: { sku: 'a', parent: [] }, lines: [] }, ['first.parent nestedValidation']],
    [
      { first: 'a', lines: [null, 1] },
      ['first nestedValidation', 'lines.0 nestedValidation', 'lines.1 nestedValidation'],
    ],
  ])('MV-07 refuses %j', (sent, expected) => {
    expect(failures(Basket, sent)).toEqual(expected);
  });

  it('MV-07 holds where class-transformer makes the instances, and where only a decorator tells that it is a list', () => {
    class Slow {
      @Transform(({ value }: { value: unknown }) => value)
      @ValidateNested()
      @Type(() => Line)
      inner!: Line;

      @ValidateNested({ each: true })
      @Type(() => Line)
      lines!: unknown;
    }
    expect(compilePayload(Slow).check({ inner: { sku: 'a' }, lines: [{ sku: 'b' }] })).toBeInstanceOf(Slow);
    expect(failures(Slow, { inner: [{ sku: 'a' }], lines: { sku: 'b' } })).toEqual([
      'inner nestedValidation',
      'lines nestedValidation',
    ]);
  });

  it.each([
    [{ name: 'a', count: '1' }],
    [{ name: 'a', count: true }],
    [{ name: 'a', count: [1] }],
    [{ name: 'a', count: {} }],
  ])('MV-09 does not convert %j', (sent) => {
    expect(failures(Flat, sent)).toEqual(['count isInt']);
  });

  it('MV-14 stops an operator object by its type', () => {
    expect(failures(Flat, { name: { $gt: '' }, count: 1 })).toEqual(['name isString']);
  });

  it('MV-10 counts a text as class-validator does, so that variation selectors hide no length', () => {
    expect(failures(Flat, { name: `aaaa${'\ufe0f'.repeat(5000)}`, count: 1 })).toEqual(['name maxLength']);
    expect(failures(Flat, { name: '\u{1f44d}'.repeat(5), count: 1 })).toEqual([]);
  });

  it('MV-16 lists at most five issues, with paths and rules and no values', () => {
    const lines = Array.from({ length: 3 }, () => ({ sku: 'secret'.length, isAdmin: 'secret' }));
    const outcome = compilePayload(Basket).check({ first: { sku: ['secret'] }, lines });
    expect(outcome).toBeInstanceOf(PayloadRefusal);
    expect((outcome as PayloadRefusal).issues).toHaveLength(5);
    expect(JSON.stringify(outcome)).not.toMatch(/secret|isAdmin/);
  });

  it('has the messages of class-validator only with detailedErrors', () => {
    const outcome = compilePayload(Flat, { detailedErrors: true }).check({ name: 'too long', count: 0, isAdmin: 1 });
    expect((outcome as PayloadRefusal).issues).toEqual([
      { path: '*', rule: 'whitelistValidation', message: 'property isAdmin should not exist' },
      { path: 'name', rule: 'maxLength', message: 'name must be shorter than or equal to 5 characters' },
      { path: 'count', rule: 'min', message: 'count must not be less than 1' },
    ]);
  });

  it('OD-03 tells of a nested object what class-validator tells, only with detailedErrors', () => {
    class Dto {
      @ValidateNested() @Type(() => Line) one!: Line;
      @ValidateNested({ message: 'no $property in $target' }) @Type(() => Line) own!: Line;
    }
    const sent = { one: 7, own: [] };
    const [plain, detailed] = [false, true].map((detailedErrors) =>
      compilePayload(Dto, { detailedErrors }).check(sent),
    );
    const issues = ['one', 'own'].map((path) => ({ path, rule: 'nestedValidation' }));
    expect(plain).toStrictEqual(new PayloadRefusal(issues));
    expect((detailed as PayloadRefusal).issues.map(({ message }) => message)).toEqual([
      'nested property one must be either object or array',
      'no own in Dto',
    ]);
  });

  it('fills the placeholders of messages, and takes no pattern from a value', () => {
    class Dto {
      @MinLength(20, { message: '$target.$property of $constraint1: $value' })
      a!: string;

      @Min(9, { message: ({ value }: ValidationArguments) => `not ${String(value)}` })
      b!: number;
    }
    const outcome = compilePayload(Dto, { detailedErrors: true }).check({ a: '$&', b: 1 });
    expect((outcome as PayloadRefusal).issues.map(({ message }) => message)).toEqual(['Dto.a of 20: $&', 'not 1']);
  });

  it('asks @ValidateIf about the whole instance', () => {
    class Payment {
      @IsString()
      kind!: string;

      @ValidateIf((payment: Payment) => payment.kind === 'card')
      @IsString()
      card?: string;
    }
    expect(failures(Payment, { kind: 'card' })).toEqual(['card isString']);
    expect(failures(Payment, { kind: 'cash' })).toEqual([]);
    expect(failures(Payment, { kind: 'cash', card: 5 })).toEqual([]);
  });

  it('follows the validateIf of a single decorator', () => {
    class Dto {
      @IsString({ validateIf: (dto: Dto) => dto.strict === true })
      text!: unknown;

      @IsOptional()
      @Allow()
      strict?: boolean;
    }
    expect(failures(Dto, { text: 1 })).toEqual([]);
    expect(failures(Dto, { text: 1, strict: true })).toEqual(['text isString']);
  });

  it('takes rules from the classes above', () => {
    class Child extends Flat {
      @IsEmail()
      mail!: string;
    }
    expect(failures(Child, { name: 1, count: 1, mail: 'x' })).toEqual(['mail isEmail', 'name isString']);
    expect(compilePayload(Child).check({ name: 'a', count: 1, mail: 'a@example.com' })).toBeInstanceOf(Child);
  });

  it('runs the rules of all groups, as class-validator does without groups', () => {
    class Grouped {
      @IsString({ groups: ['create'] })
      @MinLength(2, { groups: ['update'], always: true })
      name!: string;
    }
    expect(failures(Grouped, { name: 1 })).toEqual(['name isString']);
    expect(failures(Grouped, { name: 'a' })).toEqual(['name minLength']);
  });

  it('refuses everything where the class leaves an undecorated property on each instance', () => {
    class Leaky {
      @IsString()
      name!: string;

      role = 'user';
    }
    expect(failures(Leaky, { name: 'a' })).toEqual(['* whitelistValidation']);
    expect(failures(Leaky, { name: 'a', role: 'admin' })).toEqual(['* whitelistValidation']);
  });
});

describe('compileDto with transformations', () => {
  it.each<[string, () => unknown, unknown]>([
    [
      '@Transform',
      () => {
        class Dto {
          @Transform(({ value }: { value: string }) => value.trim())
          @MinLength(2)
          value!: string;
        }
        return compilePayload(Dto).check({ value: ' ab ' });
      },
      { value: 'ab' },
    ],
    [
      '@Expose with a name',
      () => {
        class Dto {
          @Expose({ name: 'v' })
          @IsString()
          value!: string;
        }
        return compilePayload(Dto).check({ v: 'ab' });
      },
      { value: 'ab' },
    ],
    [
      '@Type of a built-in class',
      () => {
        class Dto {
          @Type(() => Number)
          @IsNumber()
          value!: number;
        }
        return compilePayload(Dto).check({ value: '5' });
      },
      { value: 5 },
    ],
    [
      '@Exclude',
      () => {
        class Dto {
          @IsString()
          value!: string;

          @Exclude()
          @IsOptional()
          hidden?: string;
        }
        return compilePayload(Dto).check({ value: 'ab' });
      },
      { value: 'ab', hidden: undefined },
    ],
    [
      'a discriminator',
      () => {
        class Cat {
          @IsString()
          name!: string;
        }
        class Dog {
          @IsInt()
          name!: number;
        }
        class Dto {
          @ValidateNested()
          @Type(() => Cat, {
            discriminator: {
              property: 'kind',
              subTypes: [
                { value: Cat, name: 'cat' },
                { value: Dog, name: 'dog' },
              ],
            },
          })
          value!: Cat | Dog;
        }
        const dto = compilePayload(Dto);
        expect(dto.check({ value: { kind: 'dog', name: 'x' } })).toBeInstanceOf(PayloadRefusal);
        return dto.check({ value: { kind: 'dog', name: 5 } });
      },
      { value: { name: 5 } },
    ],
    [
      'a set',
      () => {
        class Dto {
          @ValidateNested()
          @Type(() => Line)
          value!: Set<Line>;
        }
        const dto = compilePayload(Dto);
        expect(dto.check({ value: { sku: 'a' } })).toBeInstanceOf(PayloadRefusal);
        expect(dto.check({ value: [{ sku: 5 }] })).toBeInstanceOf(PayloadRefusal);
        return dto.check({ value: [{ sku: 'a' }] });
      },
      { value: new Set([Object.assign(new Line(), { sku: 'a' })]) },
    ],
  ])('follows %s', (_, check, expected) => {
    expect(check()).toEqual(expected);
  });

  it.each(['1', true, [1]])('MV-09 does not convert %j there either', (count) => {
    class Dto {
      @Transform(({ value }: { value: unknown }) => value)
      @IsString()
      name!: string;

      @IsInt()
      count!: number;
    }
    expect(failures(Dto, { name: 'a', count: 1 })).toEqual([]);
    expect(failures(Dto, { name: 'a', count })).toEqual(['count isInt']);
  });

  it('MV-03 refuses unknown properties there too', () => {
    class Dto {
      @Transform(({ value }: { value: unknown }) => value)
      @IsString()
      value!: string;
    }
    expect(failures(Dto, { value: 'a', isAdmin: true })).toEqual(['* whitelistValidation']);
  });

  it('refuses what a transformation throws on', () => {
    class Dto {
      @Transform(({ value }: { value: string }) => value.trim())
      @IsString()
      value!: string;
    }
    expect(failures(Dto, { value: 5 })).toEqual([' transform']);
  });
});

class Bounded {
  @Matches(/^(?:[a-z]{1,})$/)
  counted!: string;

  @MinLength(1)
  @Matches(/^a+$/)
  atLeast!: string;

  @MaxLength(2000)
  @Matches(/^a+$/)
  atMost!: string;
}

describe('a pattern that repeats', () => {
  it('MV-13 reads no text of more than a thousand characters that no rule bounds', () => {
    const dto = compilePayload(Bounded);
    const long = 'a'.repeat(1001);
    const good = { counted: 'a', atLeast: 'a', atMost: long };
    expect(dto.check(good)).toBeInstanceOf(Bounded);
    for (const name of ['counted', 'atLeast']) {
      expect(dto.check({ ...good, [name]: long })).toMatchObject({ issues: [{ path: name, rule: 'matches' }] });
    }
  });
});

class Circle {
  @IsString() kind = 'circle';
  @IsInt() radius!: number;
}

class Square extends Circle {
  @IsInt() side!: number;
}

class Drawing {
  @ValidateNested()
  @Type(() => Circle, {
    keepDiscriminatorProperty: true,
    discriminator: { property: 'kind', subTypes: [{ name: 'circle', value: Circle }] },
  })
  @Transform(({ obj }: { obj: { shape: { kind: string } } }) =>
    Object.assign(obj.shape.kind === 'circle' ? new Circle() : new Square(), obj.shape),
  )
  shape!: Circle;
}

describe('an object that a transformation makes', () => {
  it('MV-03 has no property that its class does not declare', () => {
    const dto = compilePayload(Drawing);
    expect(dto.check({ shape: { kind: 'circle', radius: 1 } })).toBeInstanceOf(Drawing);
    expect(dto.check({ shape: { kind: 'circle', radius: 1, isAdmin: true } })).toMatchObject({
      issues: [{ path: 'shape.*', rule: 'whitelistValidation' }],
    });
  });

  it('MV-15 is of a class that the discriminator lists', () => {
    expect(compilePayload(Drawing).check({ shape: { kind: 'square', radius: 1, side: 1 } })).toMatchObject({
      issues: [{ path: 'shape', rule: 'nestedValidation' }],
    });
  });
});
