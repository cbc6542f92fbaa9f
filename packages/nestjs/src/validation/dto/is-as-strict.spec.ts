import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, MaxLength, MinLength, ValidateIf, ValidateNested } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { isAsStrict } from './is-as-strict.js';

class Place {
  @IsString()
  city!: string;
}

class LoosePlace extends Place {
  @IsOptional()
  declare city: string;
}

class Person {
  @IsString()
  @MaxLength(9)
  name!: string;

  @IsOptional()
  @IsInt()
  age?: number;

  @ValidateNested()
  @Type(() => Place)
  place!: Place;
}

class Plain extends Person {}

class WithMore extends Person {
  @IsString()
  last!: string;
}

class NeverAsked extends Person {
  @ValidateIf(() => false)
  declare name: string;
}

class Redecorated extends Person {
  @MinLength(1)
  declare name: string;
}

class OptionalAgain extends Person {
  @IsOptional()
  declare age?: number;
}

class ElsewhereTyped extends Person {
  @Type(() => LoosePlace)
  declare place: LoosePlace;
}

class ElsewhereNested extends Person {
  @ValidateNested({ each: true })
  declare place: Place;
}

describe('isAsStrict', () => {
  it.each([
    ['adds nothing', Plain],
    ['adds a property', WithMore],
  ])('MV-02 holds of a class that %s', (_what, type) => {
    expect(isAsStrict(type, Person)).toBe(true);
  });

  it.each([
    ['makes a property optional', LoosePlace, Place],
    ['has a condition for one', NeverAsked, Person],
    ['decorates one anew, which drops the rules above', Redecorated, Person],
    ['has a condition of its own where there was one', OptionalAgain, Person],
    ['holds a class that asks for less', ElsewhereTyped, Person],
    ['nests another way', ElsewhereNested, Person],
    ['is above, and does not know a property', Person, WithMore],
  ])('MV-02 does not hold of a class that %s', (_what, type, above) => {
    expect(isAsStrict(type, above)).toBe(false);
  });
});
