import 'reflect-metadata';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import { Allow, IsInt, IsOptional, IsString, ValidateNested } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { compilePayload } from '../compile-payload.js';
import { PayloadRefusal } from '../payload-run.js';
import type { DtoClass } from './dto-metadata.js';

@Exclude()
class Excluding {
  @Expose() @IsString() name!: string;
  @IsOptional() @IsString() hidden?: string;
}

class Child extends Excluding {}

@Expose()
class Exposing {
  @IsString() name!: string;
  @Exclude() @IsOptional() hidden?: string;
  @Exclude({ toPlainOnly: true }) @IsOptional() secret?: string;
  @Exclude({ toClassOnly: true }) @IsOptional() output?: string;
}

class Grouped {
  @IsString() name!: string;
  @Expose({ groups: ['admin'] }) @IsOptional() role?: string;
  @Expose({ groups: ['admin'], toPlainOnly: true }) @IsOptional() shown?: string;
  @Expose({ since: 2 }) @IsOptional() later?: string;
}

class Renamed {
  @Expose({ name: 'user_name' }) @IsString() name!: string;
  @Expose({ name: 'user_age', toPlainOnly: true }) @IsOptional() @IsInt() age?: number;
}

class Computed {
  @IsString() name!: string;
  @IsOptional() get label(): string {
    return this.name;
  }
  @IsOptional() shout(): string {
    return this.name;
  }
}

class Holder {
  @ValidateNested() @Type(() => Excluding) one!: Excluding;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Renamed) many?: Renamed[];
  @IsOptional() @ValidateNested() @Type(() => Excluding) @Expose({ name: 'first' }) renamed?: Excluding;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Excluding) map?: Map<string, Excluding>;
  @IsOptional()
  @Transform(({ value }: { value: string }) => Object.assign(new Exposing(), { name: value }))
  @ValidateNested()
  made?: Exposing;
}

class Cat {
  @IsString() name!: string;
}
class Dog {
  @IsInt() name!: number;
}
const subTypes = [
  { value: Cat, name: 'cat' },
  { value: Dog, name: 'dog' },
];

class Owner {
  @ValidateNested() @Type(() => Cat, { discriminator: { property: 'kind', subTypes } }) pet!: Cat | Dog;
  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Cat, { discriminator: { property: 'kind', subTypes } })
  pets?: (Cat | Dog)[];
}

class Unwrapping {
  @Transform(({ value }: { value: { readonly inner: object } }) => Object.assign(new Cat(), value.inner))
  @ValidateNested()
  pet!: Cat;
}

class Keeping {
  @ValidateNested()
  @Type(() => Cat, { discriminator: { property: 'kind', subTypes }, keepDiscriminatorProperty: true })
  pet!: Cat;
}

const failures = (type: DtoClass, sent: unknown): string[] => {
  const outcome = compilePayload(type).check(sent);
  return outcome instanceof PayloadRefusal ? outcome.issues.map(({ path, rule }) => `${path} ${rule}`) : [];
};

describe('the names that a payload may have', () => {
  it.each<readonly [DtoClass, object]>([
    [Excluding, { name: 'a' }],
    [Child, { name: 'a', hidden: 'b' }],
    [Exposing, { name: 'a', secret: 'b' }],
    [Grouped, { name: 'a', later: 'b' }],
    [Renamed, { user_name: 'a', age: 5 }],
    [Computed, { name: 'a' }],
    [
      Holder,
      { one: { name: 'a' }, many: [{ user_name: 'b' }], first: { name: 'c' }, map: { k: { name: 'd' } }, made: 'e' },
    ],
    [Owner, { pet: { kind: 'dog', name: 5 }, pets: [{ kind: 'cat', name: 'a' }] }],
  ])('MV-03 are what class-transformer reads: %o of %j', (type, sent) => {
    const before = structuredClone(sent);
    expect(failures(type, sent)).toEqual([]);
    expect(sent).toEqual(before);
  });

  it.each<readonly [what: string, DtoClass, object, string]>([
    ['by an @Exclude() class', Excluding, { name: 'a', isAdmin: true }, '*'],
    ['by an @Exclude() class that declares it', Excluding, { name: 'a', hidden: 'b' }, '*'],
    ['by an @Exclude() class whose objects have it', Excluding, { name: 'a', toString: 'b' }, '*'],
    ['by @Exclude()', Exposing, { name: 'a', hidden: 'b' }, '*'],
    ['by @Exclude({ toClassOnly })', Exposing, { name: 'a', output: 'b' }, '*'],
    ['for a group', Grouped, { name: 'a', role: 'admin' }, '*'],
    ['for a group of replies', Grouped, { name: 'a', shown: 'b' }, '*'],
    ['under its own name, beside the exposed one', Renamed, { user_name: 'a', name: 'b' }, '*'],
    ['under the name that replies have', Renamed, { user_name: 'a', user_age: 5 }, '*'],
    ['behind a getter', Computed, { name: 'a', label: 'b' }, '*'],
    ['behind a method', Computed, { name: 'a', shout: 'b' }, '*'],
    ['in an object below', Holder, { one: { name: 'a', x: 1 } }, 'one.*'],
    [
      'in a list below',
      Holder,
      { one: { name: 'a' }, many: [{ user_name: 'a' }, { user_name: 'a', x: 1 }] },
      'many.1.*',
    ],
    ['below an exposed name', Holder, { one: { name: 'a' }, first: { name: 'a', x: 1 } }, 'renamed.*'],
    [
      'in a map below',
      Holder,
      { one: { name: 'a' }, map: { size: 1, k: { name: 'a' }, l: { name: 'a', x: 1 } } },
      'map.1.*',
    ],
    ['below a discriminator', Owner, { pet: { kind: 'cat', name: 'a', isAdmin: true } }, 'pet.*'],
    ['as a discriminator that is kept', Keeping, { pet: { kind: 'cat', name: 'a' } }, 'pet.*'],
  ])('MV-03 F15 refuse what would be left out %s', (_, type, sent, path) => {
    expect(failures(type, sent)).toEqual([`${path} whitelistValidation`]);
  });

  it('MV-03 are those of what a @Transform() has made, where it made an object of another', () => {
    expect(failures(Unwrapping, { pet: { inner: { name: 'a' } } })).toEqual([]);
    expect(failures(Unwrapping, { pet: { inner: { name: 'a', isAdmin: true } } })).toEqual([
      'pet.* whitelistValidation',
    ]);
    expect(failures(Unwrapping, { pet: { name: 'a', inner: { name: 'a', isAdmin: true } } })).toEqual([
      'pet.* whitelistValidation',
    ]);
  });

  it.each([['admin'], ['Cat'], ['constructor'], ['toString'], [''], [null], [0], [['cat']], [{}], [undefined]])(
    'MV-15 refuse the discriminator %j, which is on no list',
    (kind) => {
      expect(failures(Owner, { pet: { kind, name: 'a' } })).toEqual(['pet nestedValidation']);
      expect(failures(Owner, { pet: { kind: 'cat', name: 'a' }, pets: [{ kind, name: 'a' }] })).toEqual([
        'pets.0 nestedValidation',
      ]);
    },
  );

  it('MV-15 take no class or function by a name of the client', () => {
    expect(failures(Owner, { pet: { __type: 'Dog', kind: 'cat', name: 'a' } })).toEqual(['pet.* whitelistValidation']);
    expect(failures(Cat, { name: 'a', __type: 'Dog' })).toEqual(['* whitelistValidation']);
  });

  it('OD-03 F42 say where an unknown name stands, and never the name', () => {
    class Free {
      @IsOptional() @Allow() any?: unknown;
    }
    const outcome = compilePayload(Free).check({ 'canary-name': 'canary-value' });
    expect(outcome).toEqual(new PayloadRefusal([{ path: '*', rule: 'whitelistValidation' }]));
  });
});
