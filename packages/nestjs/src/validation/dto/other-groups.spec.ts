import 'reflect-metadata';
import { Expose, Transform, Type } from 'class-transformer';
import { IsBoolean, IsOptional, IsString, ValidateNested } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { compilePayload } from '../compile-payload.js';

class Draft {
  @IsString({ groups: ['create'] }) name!: string;
  @IsOptional({ groups: ['admin'] }) @IsBoolean({ groups: ['admin'] }) isAdmin?: boolean;
}

class Preset extends Draft {
  override isAdmin = true;
}

class Shown {
  @IsString() name!: string;
  @Expose({ groups: ['admin'] }) @IsOptional({ groups: ['admin'] }) @IsBoolean({ groups: ['admin'] }) isAdmin?: boolean;
  @Expose({ since: 2 }) @IsOptional() @IsString() note?: string;
}

class Made {
  @Transform(({ value }: { value: object }) => Object.assign(new Draft(), value))
  @ValidateNested({ groups: ['create', 'admin'] })
  @Type(() => Draft)
  draft!: Draft;
}

const check = (type: new () => object, sent: object, group: string): unknown =>
  compilePayload(type, { selection: { groups: [group], version: 1 } }).check(sent);

/** Nobody has looked at such a value: its rules are those of the other group. */
describe('the value of a property of another group or version', () => {
  const refused = (path: string): object => ({ issues: [{ path, rule: 'whitelistValidation' }] });

  it('MV-03 is refused in the list that a client sends', () => {
    expect(check(Draft, { name: 'a' }, 'create')).toBeInstanceOf(Draft);
    expect(check(Draft, { name: 'a', isAdmin: true }, 'create')).toMatchObject(refused('*'));
    expect(check(Shown, { name: 'a', isAdmin: true }, 'create')).toMatchObject(refused('*'));
    expect(check(Shown, { name: 'a', note: 'b' }, 'create')).toMatchObject(refused('*'));
  });

  it('MV-03 is refused where the class itself puts it there', () => {
    expect(check(Preset, { name: 'a' }, 'create')).toMatchObject(refused('*'));
    expect(check(Preset, {}, 'admin')).toMatchObject({ isAdmin: true });
  });

  it('MV-03 is refused where a transformation puts it there', () => {
    expect(check(Made, { draft: { name: 'a' } }, 'create')).toBeInstanceOf(Made);
    expect(check(Made, { draft: { name: 'a', isAdmin: 'yes' } }, 'create')).toMatchObject(refused('draft.*'));
  });
});
