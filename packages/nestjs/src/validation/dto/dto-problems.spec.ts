import 'reflect-metadata';
import { Exclude, Transform, Type } from 'class-transformer';
import {
  Allow,
  ArrayMaxSize,
  IsArray,
  IsDefined,
  IsIn,
  IsInstance,
  IsInt,
  IsNotEmpty,
  IsNotEmptyObject,
  IsNotIn,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  NotEquals,
  ValidateNested,
  ValidatePromise,
} from 'class-validator';
import { describe, expect, it } from 'vitest';
import { BootProblems } from '../../core/boot-problems.js';
import type { DtoClass } from './dto-metadata.js';
import { checkDto } from './dto-problems.js';

class Bare {
  name!: string;
}

class Line {
  @IsString()
  sku!: string;

  @IsOptional()
  @ValidateNested()
  @Type(() => Line)
  parent?: Line;
}

class Sound {
  @IsInt()
  count = 1;

  @ArrayMaxSize(3)
  @ValidateNested({ each: true })
  @Type(() => Line)
  lines!: Line[];

  @Transform(({ value }: { value: unknown }) => Object.assign(new Line(), value))
  @ValidateNested()
  made!: Line;
}

class Unsound {
  @ValidateNested()
  untyped!: Line;

  @ValidateNested()
  @Type(() => Bare)
  bare!: Bare;

  @ValidatePromise()
  later!: Promise<string>;

  undecorated = 1;
}

class Outer {
  @ValidateNested()
  @Type(() => Unsound)
  inner!: Unsound;
}

class Demanding {
  @IsString()
  name: string;

  constructor(source: { name: string }) {
    this.name = source.name;
  }
}

const look = (...types: DtoClass[]): BootProblems => {
  const found = new BootProblems();
  for (const type of types) checkDto(type, found);
  return found;
};

class Thenable {
  @IsInt()
  count!: number;

  get then(): never {
    throw new Error('is read by await');
  }
}

class Unbounded {
  @IsString({ each: true })
  tags!: string[];

  @ValidateNested({ each: true })
  @Type(() => Line)
  lines!: Line[];

  @ArrayMaxSize(3)
  @IsString({ each: true })
  bounded!: string[];

  @Matches(/^\w+$/)
  word!: string;

  @MaxLength(8)
  @Matches(/^\w+$/)
  short!: string;

  @Matches(/^[a-z]{1,10}$/)
  fixed!: string;
}

class Chosen {
  @ValidateNested()
  @Type(() => Line, { discriminator: { property: 'kind', subTypes: [{ name: 'bare', value: Bare }] } })
  chosen!: Line;
}

/** Only the shape of what it holds is asked about. */
class Shallow {
  @IsArray()
  @ArrayMaxSize(20)
  @Type(() => Line)
  lines!: Line[];

  @IsObject()
  @Type(() => Line)
  line!: Line;

  @IsDefined()
  declared!: Line;

  @IsOptional()
  @IsArray()
  tags?: string[];

  @ArrayMaxSize(2)
  rows!: number[][];

  @IsNotEmpty({ each: true })
  @ArrayMaxSize(2)
  names!: string[];

  @NotEquals('admin', { each: true })
  @ArrayMaxSize(2)
  roles!: string[];

  @IsNotIn(['admin'], { each: true })
  @ArrayMaxSize(2)
  groups!: string[];

  @IsDefined({ each: true })
  @ArrayMaxSize(2)
  labels!: string[];

  @IsNotEmptyObject()
  @Type(() => Line)
  filled!: Line;

  @IsInstance(Line)
  @IsNotIn([null])
  instance!: Line;
}

class AroundShallow {
  @ValidateNested()
  @Type(() => Shallow)
  inner!: Shallow;
}

class Deep {
  @IsArray()
  @IsString({ each: true })
  @ArrayMaxSize(20)
  tags!: string[];

  @IsArray()
  @IsIn([1, 2], { each: true })
  @ArrayMaxSize(20)
  choices!: number[];

  @Allow()
  @IsArray()
  anything!: unknown[];

  @IsObject()
  record!: Record<string, unknown>;

  @Exclude()
  @IsArray()
  ours!: Line[];

  @Transform(({ value }: { value: unknown }) => Object.assign(new Line(), value))
  @IsDefined()
  made!: Line;
}

class Anything {
  @IsDefined()
  value!: string | null;
}

class Bytes {
  @IsDefined()
  @Type(() => Buffer)
  bytes!: Buffer;
}

class Grouped {
  @IsString({ groups: ['create'] })
  name!: string;

  @IsString({ groups: ['edit'] })
  state = 'new';

  @IsString({ groups: ['edit'] })
  note?: string = undefined;
}

class OnlyEdited {
  @IsString({ groups: ['edit'] })
  name!: string;
}

class AroundGrouped {
  @ValidateNested({ always: true })
  @Type(() => OnlyEdited)
  inner!: OnlyEdited;
}

describe('checkDto', () => {
  it.each([[Shallow], [AroundShallow]])(
    'MV-01 MV-14 names what would pass content that nothing looks at: %o',
    (type) => {
      const { problems } = look(type);
      expect(problems.map(({ where, fix }) => `${where} ${/@\w+\([^)]*\)/.exec(fix)?.[0] ?? ''}`)).toEqual([
        'Shallow.lines @ValidateNested({ each: true })',
        'Shallow.line @ValidateNested()',
        'Shallow.declared @ValidateNested()',
        'Shallow.tags @IsString({ each: true })',
        'Shallow.rows @IsString({ each: true })',
        'Shallow.names @IsString({ each: true })',
        'Shallow.roles @IsString({ each: true })',
        'Shallow.groups @IsString({ each: true })',
        'Shallow.labels @IsString({ each: true })',
        'Shallow.filled @ValidateNested()',
        'Shallow.instance @ValidateNested()',
      ]);
    },
  );

  it('MV-01 leaves alone what is judged item by item, allowed, excluded or made by a transform', () => {
    expect(look(Deep).problems).toEqual([]);
  });

  it('finds nothing in a sound class, even one that contains itself', () => {
    expect(look(Sound)).toEqual(new BootProblems());
  });

  it('MV-03 names each property that would refuse every payload, nested ones too, and what to write', () => {
    const { problems } = look(Outer);
    expect(problems.map(({ where }) => where).sort()).toEqual([
      'Unsound.bare',
      'Unsound.later',
      'Unsound.undecorated',
      'Unsound.untyped',
    ]);
    expect(problems.find(({ where }) => where === 'Unsound.untyped')?.fix).toContain('@Type(() =>');
    expect(problems.every(({ problem, fix }) => problem !== '' && fix !== '')).toBe(true);
  });

  it('names a class that cannot be made without arguments', () => {
    expect(look(Demanding as unknown as DtoClass).problems.map(({ where }) => where)).toEqual(['Demanding']);
  });

  it('MV-13 names a property that makes as many bytes as the client says', () => {
    class Upload {
      @IsOptional() @Type(() => Buffer) data?: Buffer;
    }
    const problems = new BootProblems();
    checkDto(Upload, problems);
    expect(problems.problems).toMatchObject([
      { where: 'Upload.data', problem: expect.stringContaining('@Type(() => Buffer)') as string },
    ]);
  });

  it('F18 names a class whose instances `await` would call', () => {
    expect(look(Thenable).problems.map(({ where }) => where)).toEqual(['Thenable.then']);
  });

  it('MV-15 looks at each class that a discriminator may choose', () => {
    expect(look(Chosen).problems.map(({ where }) => where)).toEqual(['Chosen.chosen']);
  });

  it('MV-13 F31 warns of lists that are checked item by item and of patterns on a text of any length, by name', () => {
    const { problems, warnings } = look(Unbounded);
    expect(problems).toEqual([]);
    expect(warnings.map(({ where, warning }) => `${where} ${/@\w+\(n\)/.exec(warning)?.[0] ?? ''}`)).toEqual([
      'Unbounded.tags @ArrayMaxSize(n)',
      'Unbounded.lines @ArrayMaxSize(n)',
      'Unbounded.word @MaxLength(n)',
    ]);
  });

  it('says once what several handlers share', () => {
    expect(look(Outer, Unsound, Unbounded, Unbounded)).toEqual(look(Outer, Unbounded));
  });

  it.each<[string, DtoClass, string, string, string]>([
    [
      'a promise',
      Unsound,
      'later',
      'is @ValidatePromise(), but a message carries no promises.',
      'remove @ValidatePromise()',
    ],
    [
      'a nested class without @Type()',
      Unsound,
      'untyped',
      'is @ValidateNested() without @Type()',
      'add @Type(() => TheNestedDto)',
    ],
    [
      'a nested class without rules',
      Unsound,
      'bare',
      'of a class without class-validator decorators',
      'decorate the properties of the class',
    ],
    [
      'a class that is chosen, without rules',
      Chosen,
      'chosen',
      'of a class without class-validator decorators',
      'decorate',
    ],
    [
      'a field without a rule',
      Unsound,
      'undecorated',
      'has no class-validator decorator, but every instance',
      'decorate undecorated',
    ],
    [
      'a list of a class',
      Shallow,
      'lines',
      'holds what Line describes, but nothing validates it',
      'add @ValidateNested({ each: true }) and @Type(() => Line)',
    ],
    [
      'an object of a class',
      Shallow,
      'line',
      'holds what Line describes, but nothing validates it',
      'add @ValidateNested() and @Type(() => Line)',
    ],
    ['a list of anything', Shallow, 'tags', 'takes a list of anything', 'add what each item is'],
    [
      'a field that anything fits',
      Anything,
      'value',
      'takes anything, {"$gt": ""} too',
      'add what value is, such as @IsString()',
    ],
    ['bytes that a number makes', Bytes, 'bytes', 'is a @Type(() => Buffer)', 'take a text, such as @IsBase64()'],
  ])('MV-01 MV-03 says of %s what is wrong, and what to write', (_, type, name, problem, fix) => {
    const found = look(type).problems.find(({ where }) => where === `${type.name}.${name}`);
    expect(found?.problem).toContain(problem);
    expect(found?.fix).toContain(fix);
  });

  it('MV-03 says of a constructor that needs something, and of then, what is wrong', () => {
    expect(look(Demanding as unknown as DtoClass).problems).toEqual([
      {
        where: 'Demanding',
        problem: 'cannot be made without arguments: its constructor throws.',
        fix: 'remove the constructor of Demanding, or give its parameters defaults',
      },
    ]);
    expect(look(Thenable).problems[0]).toEqual({
      where: 'Thenable.then',
      problem: 'makes `await` take every instance for a promise.',
      fix: 'give it another name',
    });
  });

  it('MV-13 warns of what one message can make expensive, once, and says what to add', () => {
    const { warnings } = look(Unbounded, Unbounded);
    expect(warnings.map((warning) => Object.values(warning).join(' '))).toEqual([
      expect.stringMatching(/^Unbounded\.tags is checked item by item.*add @ArrayMaxSize\(n\)\.$/),
      expect.stringMatching(/^Unbounded\.lines is checked item by item.*add @ArrayMaxSize\(n\)\.$/),
      expect.stringMatching(/^Unbounded\.word is matched against a pattern that repeats.*add @MaxLength\(n\)\.$/),
    ]);
  });

  describe('of a class that is read for some groups', () => {
    const selected = (type: DtoClass, ...groups: string[]) => {
      const found = new BootProblems();
      checkDto(type, found, { groups });
      return found.problems;
    };

    it('MV-03 names a default that no rule of the groups allows, and lets be what nobody may send', () => {
      expect(selected(Grouped, 'create')).toEqual([
        {
          where: 'Grouped.state',
          problem: "has a default value and no rule in the groups ['create']: every payload is refused.",
          fix: 'set the default in the handler, or name the group of state as well',
        },
      ]);
      expect(selected(Grouped, 'create', 'edit')).toEqual([]);
    });

    it('MV-03 names a nested class whose rules are of other groups', () => {
      expect(selected(AroundGrouped, 'other')).toEqual([
        {
          where: 'AroundGrouped.inner',
          problem:
            "is @ValidateNested() of a class without a rule in the groups ['other']: every object in it is refused.",
          fix: 'give the nested rules one of the groups, or none: a rule without a group belongs to all',
        },
      ]);
    });
  });
});
