import 'reflect-metadata';
import { Expose, plainToInstance, Transform, Type } from 'class-transformer';
import {
  Allow,
  getMetadataStorage,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { describe, expect, it } from 'vitest';
import { BootProblems } from '../../core/boot-problems.js';
import { compilePayload } from '../compile-payload.js';
import { PayloadRefusal } from '../payload-run.js';
import type { PayloadDeclaration } from '../ws-payload.decorator.js';
import { checkInputRoles, inputRolesIn } from './input-roles.js';
import { RecordOf } from './record-of.decorator.js';
import { WsInputRoles } from './ws-input-roles.decorator.js';

class Badge {
  @IsString() label!: string;
}

class Member {
  @IsString() name!: string;
  @WsInputRoles('admin', 'owner') @IsIn(['reader', 'writer']) role = 'reader';
  @WsInputRoles('owner') @IsOptional() @ValidateNested() @Type(() => Badge) badge?: Badge;
}

class Team extends Member {
  @IsOptional() @ValidateNested() @Type(() => Member) lead?: Member;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Member) members?: Member[];
  @IsOptional() @RecordOf(() => Member) byName?: Record<string, Member>;
}

/** The same by class-transformer. */
class Converted {
  @Expose({ name: 'full_name' }) @IsString() name!: string;
  @WsInputRoles('admin') @Expose({ name: 'role' }) @IsOptional() @IsString() right?: string;
  @IsOptional() @Transform(({ value }) => value as unknown) @IsInt() at?: number;
}

/** The outcome for a payload whose one more property is closed, and with an unknown one in its place. */
function compare(type: PayloadDeclaration, make: (name: string) => unknown, name: string, roles: readonly string[]) {
  return [true, false].map((detailedErrors) => {
    const check = compilePayload(type, { detailedErrors });
    const closed = check.check(make(name), roles);
    return [
      JSON.stringify(closed).replaceAll(name, 'other'),
      JSON.stringify(check.check(make('other'), roles)),
      closed,
    ];
  });
}

const PLACES: Readonly<Record<string, readonly [PayloadDeclaration, (extra: object) => unknown]>> = {
  'the payload': [Team, (extra) => ({ name: 'a', ...extra })],
  'a nested object': [Team, (extra) => ({ name: 'a', lead: { name: 'b', ...extra } })],
  'a nested list': [Team, (extra) => ({ name: 'a', members: [{ name: 'b' }, { name: 'c', ...extra }] })],
  'a record': [Team, (extra) => ({ name: 'a', byName: { x: { name: 'b', ...extra } } })],
  'a list': [[Team], (extra) => [{ name: 'a' }, { name: 'b', ...extra }]],
  'beside other mistakes': [Team, (extra) => ({ name: 7, ...extra, lead: { name: 7 }, members: 'x' })],
  'what class-transformer makes': [Converted, (extra) => ({ full_name: 'a', ...extra })],
};

describe('@WsInputRoles()', () => {
  it.each(Object.entries(PLACES))('AZ-07 is as unknown as what nobody declared: in %s', (_, [type, place]) => {
    for (const value of ['writer', 'reader', 'nonsense', null, 7, { $gt: '' }, []]) {
      for (const roles of [[], ['user'], ['Admin'], ['adminx', 'constructor']]) {
        for (const [closed, unknown, outcome] of compare(type, (name) => place({ [name]: value }), 'role', roles)) {
          expect(outcome).toBeInstanceOf(PayloadRefusal);
          expect((outcome as PayloadRefusal).issues.map(({ rule }) => rule)).toContain('whitelistValidation');
          expect(closed).toBe(unknown);
        }
      }
    }
  });

  it.each(Object.entries(PLACES).filter(([name]) => name !== 'beside other mistakes'))(
    'AZ-07 is open to who has one of the roles, and judged then: in %s',
    (_, [type, place]) => {
      const check = compilePayload(type);
      expect(check.check(place({ role: 'writer' }), ['x', 'admin'])).not.toBeInstanceOf(PayloadRefusal);
      const refused = check.check(place({ role: 7 }), ['admin']) as PayloadRefusal;
      expect(refused.issues.map(({ rule }) => rule)).not.toContain('whitelistValidation');
      // Nobody misses it.
      for (const roles of [undefined, [], ['admin']]) {
        expect(check.check(place({}), roles)).not.toBeInstanceOf(PayloadRefusal);
      }
    },
  );

  it('AZ-07 is closed where nobody says what roles the sender has', () => {
    const refused = compilePayload(Member).check({ name: 'a', role: 'writer' });
    expect(refused).toBeInstanceOf(PayloadRefusal);
    expect(refused).toEqual(compilePayload(Member).check({ name: 'a', role: 'writer' }, []));
  });

  it('AZ-07 keeps the default of who may not send it, and opens by any of its roles', () => {
    const check = compilePayload(Member);
    expect(check.check({ name: 'a' }, [])).toEqual({ name: 'a', role: 'reader' });
    expect(check.check({ name: 'a', role: 'writer' }, ['owner'])).toMatchObject({ role: 'writer' });
    expect(check.check({ name: 'a', badge: { label: 'x' } }, ['admin'])).toBeInstanceOf(PayloadRefusal);
    const owner = check.check({ name: 'a', badge: { label: 'x' } }, ['owner']) as Member;
    expect(owner.badge).toBeInstanceOf(Badge);
    expect(check.check({ name: 'a', badge: { label: 7 } }, ['owner'])).toEqual(
      new PayloadRefusal([{ path: 'badge.label', rule: 'isString' }]),
    );
    expect(compilePayload(Converted).check({ full_name: 'a', role: 'x' }, ['admin'])).toMatchObject({ right: 'x' });
    expect(compilePayload(Converted).check({ full_name: 'a', right: 'x' }, ['admin'])).toBeInstanceOf(PayloadRefusal);
  });
});

const same = ({ value }: { value: unknown }): unknown => value;

/** Of what a `@Transform` made nobody knows what the sender had named. */
class Made {
  @IsOptional() @ValidateNested() @Type(() => Member) @Transform(same) typed?: Member;
  @IsOptional() @ValidateNested() @Transform(({ value }) => plainToInstance(Member, value)) own?: Member;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Member) @Transform(same) list?: Member[];
  @IsOptional() @RecordOf(() => Member) @Transform(same) record?: Record<string, Member>;
}

describe('a closed property in what a @Transform() made', () => {
  it.each([
    ['typed', (member: object) => member],
    ['own', (member: object) => member],
    ['list', (member: object) => [member]],
    ['record', (member: object) => ({ x: member })],
  ])('AZ-07 is closed, and keeps its default: %s', (name, place) => {
    const check = compilePayload(Made);
    const closed = check.check({ [name]: place({ name: 'a', role: 'writer' }) }, ['user']) as PayloadRefusal;
    expect(closed.issues?.map(({ rule }) => rule)).toEqual(['whitelistValidation']);
    const taken = check.check({ [name]: place({ name: 'a' }) }, ['user']);
    expect(JSON.stringify(taken)).toBe(JSON.stringify({ [name]: place({ name: 'a', role: 'reader' }) }));
  });

  it('AZ-07 refuses what is made of a class that does not always look into what holds one', () => {
    class Hidden {
      @IsInt() kind!: number;
      @ValidateIf((dto: Hidden) => dto.kind === 1) @ValidateNested() @Type(() => Member) member?: Member;
    }
    class Outer {
      @ValidateNested() @Transform(({ value }) => plainToInstance(Hidden, value)) hidden!: Hidden;
    }
    expect(problemsOf(Outer)).toEqual([]);
    const check = compilePayload(Outer);
    const sent = { hidden: { kind: 2, member: { name: 'a', role: 'writer' } } };
    const refused = check.check(sent, ['user']) as PayloadRefusal;
    expect(refused).toBeInstanceOf(PayloadRefusal);
    expect(String(refused.cause)).toContain('Hidden.member is not always validated');
  });

  it('AZ-07 is open to who has the role', () => {
    const check = compilePayload(Made);
    const sent = { typed: { name: 'a', role: 'writer' } };
    expect(check.check(sent, ['admin'])).toMatchObject(sent);
  });
});

/** What `PartialType()` and `PickType()` of @nestjs/mapped-types do with the rules of a class. */
function mappedType(source: new () => object, isTaken: (name: string) => boolean): new () => object {
  class Mapped {}
  const storage = getMetadataStorage();
  for (const rule of storage.getTargetValidationMetadatas(source, '', false, false)) {
    if (isTaken(rule.propertyName))
      storage.addValidationMetadata(Object.assign(Object.create(rule) as typeof rule, rule, { target: Mapped }));
    IsOptional()(Mapped.prototype, rule.propertyName);
  }
  return Mapped;
}

describe('a class made of one with @WsInputRoles()', () => {
  class Redeclared extends Member {
    @IsString() override role = 'x';
  }
  class Partly extends mappedType(Member, () => true) {}
  class Picked extends mappedType(Member, (name) => name === 'role') {}
  class PartlyRedeclared extends mappedType(Member, () => true) {
    @IsOptional() @IsString() declare role?: string;
  }
  class Grouped {
    @IsOptional() @WsInputRoles('admin') @IsString({ groups: ['create'] }) role?: string;
    @IsOptional() @IsString() name?: string;
  }

  it('AZ-07 keeps the rules above it where a subclass closes a property', () => {
    class Open {
      @IsString() name!: string;
      @IsOptional() @IsIn(['reader', 'writer']) role?: string;
    }
    class Closing extends Open {
      @WsInputRoles('admin') declare role?: string;
    }
    const check = compilePayload(Closing);
    expect(check.check({ name: 'a', role: 'writer' }, ['user'])).toBeInstanceOf(PayloadRefusal);
    expect(check.check({ name: 'a', role: 'writer' }, ['admin'])).toMatchObject({ role: 'writer' });
    expect(check.check({ name: 'a', role: 'nonsense' }, ['admin'])).toEqual(
      new PayloadRefusal([{ path: 'role', rule: 'isIn' }]),
    );
  });

  it.each([Redeclared, Partly, Picked, PartlyRedeclared, Grouped])('AZ-07 keeps it closed: %o', (type) => {
    const closed = compilePayload(type).check({ role: 'writer' }, ['user']) as PayloadRefusal;
    expect(closed.issues).toContainEqual({ path: '*', rule: 'whitelistValidation' });
    const name = type === Picked ? {} : { name: 'a' };
    expect(compilePayload(type).check({ ...name, role: 'writer' }, ['admin'])).toMatchObject({ role: 'writer' });
  });

  it('AZ-07 MV-03 is no rule: a property of another group stays unknown', () => {
    const check = compilePayload(Grouped, { selection: { groups: ['update'] } });
    expect(check.check({ role: 7 }, ['admin'])).toBeInstanceOf(PayloadRefusal);
  });
});

const problemsOf = (type: new () => object, isPublic = false): readonly string[] => {
  const problems = new BootProblems();
  checkInputRoles(type, 'Gateway.handler', isPublic, problems);
  return problems.problems.map(({ where, problem }) => `${where} ${problem}`);
};

describe('inputRolesIn', () => {
  it('AZ-07 names the roles of all classes in a payload once, in a fixed order', () => {
    class Outer {
      @WsInputRoles('writer', 'admin') @IsOptional() @IsString() note?: string;
      @IsOptional() @ValidateNested() @Type(() => Member) member?: Member;
    }
    expect(inputRolesIn(Outer)).toEqual(['admin', 'owner', 'writer']);
    for (const type of [Badge, undefined, null, String, class {}]) expect(inputRolesIn(type)).toEqual([]);
  });
});

describe('a @WsInputRoles() that cannot hold', () => {
  it.each([
    ['admin', ''],
    ['admin', 7],
    [7, 'admin'],
    [undefined, 'admin'],
  ])('AZ-07 is found at boot where it names %j and %j', (...roles) => {
    class Wrong {
      @WsInputRoles(...(roles as [string, string])) @IsString() note?: string;
    }
    expect(problemsOf(Wrong)).toHaveLength(1);
    expect(problemsOf(Wrong)[0]).toContain('Wrong.note names something in @WsInputRoles() that is no role');
  });

  it('AZ-07 is found at boot where class-transformer would run code for everybody', () => {
    class Base {
      protected kept?: string;
      @WsInputRoles('admin') @IsOptional() @IsString() set inherited(value: string) {
        this.kept = value;
      }
    }
    class Running extends Base {
      @Transform(({ value }) => value as unknown) @IsString() name!: string;
      @WsInputRoles('admin') @IsOptional() @ValidateNested() @Type(() => Badge) typed?: Badge;
      @WsInputRoles('admin') @IsOptional() @IsString() plain?: string;
      @WsInputRoles('admin') @IsOptional() @IsString() set own(value: string) {
        this.kept = value;
      }
    }
    const places = problemsOf(Running).map((text) => text.split(' ')[0]);
    expect(new Set(places)).toEqual(new Set(['Running.inherited', 'Running.own', 'Running.typed']));
    // What the module builds itself runs none of it.
    class Built {
      @WsInputRoles('admin') @IsOptional() @ValidateNested() @Type(() => Badge) typed?: Badge;
    }
    expect(problemsOf(Built)).toEqual([]);
  });

  it('AZ-07 is found at boot where what holds it may be missing, and is judged at times only', () => {
    class Both {
      @IsInt() kind!: number;
      @IsOptional()
      @ValidateIf((dto: Both) => dto.kind === 1)
      @ValidateNested()
      @Type(() => Member)
      member?: Member;
    }
    expect(problemsOf(Both)[0]).toContain('Both.member holds Member');
  });

  it('AZ-07 is found at boot', () => {
    class Wrong {
      @WsInputRoles('') @IsString() empty?: string;
      @WsInputRoles(...([] as unknown as [string])) @IsString() none?: string;
      @WsInputRoles('admin') undecorated?: string;
    }
    class Transforming {
      @WsInputRoles('admin') @Transform(({ value }) => (value as { a: { b: unknown } }).a.b) @IsString() role?: string;
      @Transform(({ value }) => value as unknown) @IsString() name!: string;
    }
    class Many {}
    for (let i = 0; i < 9; i++) {
      IsString()(Many.prototype, `p${i}`);
      WsInputRoles(`role-${i}`)(Many.prototype, `p${i}`);
    }
    expect(problemsOf(Team)).toEqual([]);
    expect(problemsOf(Converted)).toEqual([]);
    expect(problemsOf(Team, true)[0]).toContain('Gateway.handler is public and takes Team');
    expect(problemsOf(Wrong).map((text) => text.split(' ')[0])).toEqual([
      'Wrong.empty',
      'Wrong.none',
      'Wrong.undecorated',
    ]);
    expect(problemsOf(Transforming)[0]).toContain(
      'Transforming.role is closed by @WsInputRoles() and has @Transform()',
    );
    expect(problemsOf(Many)[0]).toContain('closed by 9 roles');
  });

  it('AZ-07 is found at boot where nobody looks into what holds it', () => {
    class Loose {
      @IsInt() kind!: number;
      @ValidateIf((dto: Loose) => dto.kind === 1) @ValidateNested() @Type(() => Member) sometimes?: Member;
      @ValidateIf((dto: Loose) => dto.kind === 1) @RecordOf(() => Member) records?: Record<string, Member>;
      @Allow() @Type(() => Member) never?: Member;
      @IsObject() @Type(() => Team) shallow?: Team;
      @IsOptional() @ValidateNested() @Type(() => Member) always?: Member;
      @IsOptional() @Type(() => Badge) @IsObject() badge?: Badge;
    }
    const found = problemsOf(Loose).filter((text) => text.startsWith('Loose.'));
    expect(found.map((text) => text.split(' ', 3).join(' '))).toEqual([
      'Loose.sometimes holds Member,',
      'Loose.records holds Member,',
      'Loose.never holds Member,',
      'Loose.shallow holds Team,',
    ]);
  });
});
