import 'reflect-metadata';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, ValidateNested } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { copyJson, DtoBuilder } from './dto-builder.js';
import type { DtoClass } from './dto-metadata.js';

class Leaf {
  @IsInt()
  int!: number;
}

class FunctionDefault {
  @IsOptional()
  value: unknown = () => 1;
}

class Accessor {
  #value = '';

  @IsString()
  get value(): string {
    return this.#value;
  }

  set value(value: string) {
    this.#value = value.trim();
  }
}

class Throwing {
  @IsString()
  value!: string;

  constructor() {
    throw new Error('needs arguments');
  }
}

class NestedDefault {
  @ValidateNested()
  @Type(() => Leaf)
  value = new Leaf();
}

class Undecorated {
  @IsString()
  value!: string;

  other = 1;
}

class Untyped {
  @ValidateNested()
  value!: Leaf;
}

class UnvalidatedType {
  @Type(() => Leaf)
  @IsOptional()
  value?: Leaf;
}

class ChosenType {
  @ValidateNested()
  @Type((options) => (options?.property === 'value' ? Leaf : Plain))
  value!: Leaf;
}

class Transforming {
  @Transform(({ value }: { value: unknown }) => value)
  @IsString()
  value!: string;
}

class Exposing {
  @Expose()
  @IsString()
  value = 'default';
}

@Exclude()
class Excluding {
  @IsString()
  value!: string;
}

class Above {
  @ValidateNested()
  @Type(() => Transforming)
  value!: Transforming;
}

class Below extends Transforming {
  @IsInt()
  int!: number;
}

class Plain {
  @ValidateNested({ each: true })
  @Type(() => Plain)
  children: Plain[] | undefined;

  @Transform(({ value }: { value: unknown }) => String(value), { toPlainOnly: true })
  @IsOptional()
  text?: string;
}

describe('copyJson', () => {
  it('MV-04 leaves out the names that every object inherits, at any depth', () => {
    const sent =
      '{"a":[{"toString":1,"hasOwnProperty":2,"b":{"valueOf":3,"__proto__":{"c":1},"d":4}}],"constructor":5}';
    const copy = copyJson(JSON.parse(sent) as unknown);
    expect(JSON.stringify(copy)).toBe('{"a":[{"b":{"d":4}}]}');
  });
});

describe('DtoBuilder', () => {
  it.each<[DtoClass]>([
    ...[[FunctionDefault], [Accessor], [Throwing], [NestedDefault], [Undecorated], [Untyped], [UnvalidatedType]],
    ...[[ChosenType], [Transforming], [Exposing], [Excluding], [Above], [Below]],
  ] as [DtoClass][])('leaves %o to class-transformer', (type) => {
    expect(DtoBuilder.compile(type)).toBeUndefined();
  });

  it('makes instances of a class that contains itself, and keeps what it cannot make for the check to refuse', () => {
    const built = DtoBuilder.compile(Plain)?.build({
      children: [{ text: 'a' }, 5, [{}]],
      text: 'b',
      unknown: 1,
    }) as Plain;
    expect(built).toBeInstanceOf(Plain);
    expect(built.children?.[0]).toBeInstanceOf(Plain);
    expect(built.children?.slice(1)).toEqual([5, [{}]]);
    expect(Object.keys(built).sort()).toEqual(['children', 'text']);
  });
});
