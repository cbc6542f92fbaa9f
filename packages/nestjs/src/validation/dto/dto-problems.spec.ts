import 'reflect-metadata';
import { Transform, Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, ValidateNested, ValidatePromise } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { findDtoProblems } from './dto-problems.js';

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

describe('findDtoProblems', () => {
  it('finds none in a sound class, even one that contains itself', () => {
    expect(findDtoProblems(Sound)).toEqual([]);
  });

  it('MV-03 names each property that would refuse every payload, nested ones too, and what to write', () => {
    const problems = findDtoProblems(Outer);
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
    expect(findDtoProblems(Demanding as unknown as new () => object).map(({ where }) => where)).toEqual(['Demanding']);
  });
});
