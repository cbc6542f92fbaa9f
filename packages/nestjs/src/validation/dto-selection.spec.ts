import 'reflect-metadata';
import { Expose, Transform, Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, ValidateNested } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { BootProblems } from '../core/boot-problems.js';
import type { DtoClass } from './dto/dto-metadata.js';
import { readSelection } from './dto-selection.js';

class Plain {
  @IsString() name!: string;
}
class Profile {
  @IsString() name!: string;
  @IsString({ groups: ['create', 'import'] }) password!: string;
  @IsOptional({ groups: ['admin'] }) @IsString({ groups: ['admin'] }) role?: string;
}
class Holder {
  @ValidateNested() @Type(() => Profile) profile!: Profile;
}
class Versioned {
  @Expose({ since: 2 }) @IsString() nickname!: string;
  @Expose({ until: 2 }) @IsString() alias!: string;
}
class Never {
  @Expose({ since: 3, until: 3 }) @IsString() name!: string;
}
class ExposedToGroup {
  @IsString() name!: string;
  @Expose({ groups: ['staff'] }) @IsOptional() @IsInt() level?: number;
  @Transform(({ value }: { value: unknown }) => value, { groups: ['import'] }) @IsInt() count!: number;
}
class OnlyCreate {
  @IsString({ groups: ['create'] }) name!: string;
  @ValidateNested({ groups: ['update'] }) @Type(() => Profile) profile!: Profile;
}
class Output {
  @IsString() name!: string;
  @Expose({ groups: ['replies'], toPlainOnly: true }) @IsOptional() @IsString() shown?: string;
}

const read = (type: DtoClass | undefined, options: unknown): { problems: string[]; selection: unknown } => {
  const problems = new BootProblems();
  const selection = readSelection(type, options, 'Gateway.handler', problems);
  return { problems: problems.problems.map(({ where, problem }) => `${where}: ${problem}`), selection };
};

describe('readSelection', () => {
  it.each<readonly [DtoClass | undefined, unknown, unknown]>([
    [Plain, undefined, {}],
    [undefined, undefined, {}],
    [undefined, {}, {}],
    [Profile, { groups: ['create'] }, { groups: ['create'] }],
    [Profile, { groups: ['create', 'admin'] }, { groups: ['create', 'admin'] }],
    [Holder, { groups: ['import'] }, { groups: ['import'] }],
    [Versioned, { version: 1 }, { version: 1 }],
    [Versioned, { version: 2.5 }, { version: 2.5 }],
    [ExposedToGroup, { groups: ['staff', 'import'] }, { groups: ['staff', 'import'] }],
    // What is exposed to a group is refused without it: nothing is left open.
    [ExposedToGroup, undefined, {}],
    [Output, undefined, {}],
  ])('MV-03 reads %o with %j', (type, options, expected) => {
    expect(read(type, options)).toEqual({ problems: [], selection: expected });
  });

  it.each<readonly [DtoClass | undefined, unknown, string]>([
    [Profile, undefined, 'names none: rules and properties of all of them would count'],
    [Profile, {}, "'create', 'import', 'admin', and names none"],
    [Holder, undefined, 'names none'],
    [Profile, { groups: ['creat'] }, "names the group 'creat'"],
    [Profile, { groups: ['create', 'toString'] }, "names the group 'toString'"],
    [Plain, { groups: ['create'] }, "names the group 'create'"],
    [Output, { groups: ['replies'] }, "names the group 'replies'"],
    [Versioned, undefined, 'which has versions (Versioned.nickname), and names none'],
    [Plain, { version: 2 }, 'names the version 2, and nothing in Plain has versions'],
    [Never, { version: 3 }, 'is there since version 3 and until 3: in none'],
    [OnlyCreate, { groups: ['import'] }, 'has no rule in the groups'],
    [undefined, { groups: ['create'] }, 'its payload is no DTO class'],
    [undefined, { version: 1 }, 'its payload is no DTO class'],
  ])('MV-03 refuses %o with %j', (type, options, problem) => {
    const { problems, selection } = read(type, options);
    expect(problems.join('\n')).toContain(problem);
    expect(selection).toBeUndefined();
  });

  it.each([
    [null],
    ['create'],
    [['create']],
    [{ groups: 'create' }],
    [{ groups: ['create', 'create'] }],
    [{ groups: [''] }],
    [{ groups: [1] }],
    [{ groups: null }],
    [{ version: '2' }],
    [{ version: 0 }],
    [{ version: NaN }],
    [{ version: null }],
    [{ group: ['create'] }],
  ])('MV-03 refuses the options %j', (options) => {
    const { problems, selection } = read(Profile, options);
    expect(problems).toEqual([expect.stringContaining('has wrong options in @WsPayload()')]);
    expect(selection).toBeUndefined();
  });

  it('MV-03 refuses an empty list of groups, which class-validator takes for all', () => {
    const { problems, selection } = read(Profile, { groups: [] });
    expect(problems).toEqual([expect.stringContaining('has an empty list of groups')]);
    expect(selection).toBeUndefined();
  });
});
