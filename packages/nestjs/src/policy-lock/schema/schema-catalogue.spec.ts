import { Exclude, Expose, Transform, Type } from 'class-transformer';
import {
  Allow,
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsDate,
  IsEmail,
  IsEnum,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  Validate,
  ValidateIf,
  ValidateNested,
  ValidatorConstraint,
  type ValidatorConstraintInterface,
} from 'class-validator';
import { describe, expect, it } from 'vitest';
import { RecordOf } from '../../validation/dto/record-of.decorator.js';
import { WsInputRoles } from '../../validation/dto/ws-input-roles.decorator.js';
import { SanitizeString } from '../../validation/hygiene/sanitize-string.decorator.js';
import { SchemaCatalogue } from './schema-catalogue.js';

function schemasOf(...types: (new () => object)[]): unknown {
  const catalogue = new SchemaCatalogue();
  for (const type of types) catalogue.schemaOf(type);
  return catalogue.schemas;
}

enum Colour {
  Red = 'red',
  Blue = 'blue',
}

class Plain {
  @IsString() @MaxLength(1000) text!: string;
  @IsOptional() @IsInt() @Min(1) @Max(9) count?: number;
  @IsEnum(Colour) colour!: Colour;
  @IsIn(['a', 1]) one!: unknown;
  @IsUUID() id!: string;
  @Matches(/^[a-z]+$/) @Length(1, 5) word!: string;
  @Matches(/^[a-z]+$/i) anyCase!: string;
  @IsArray() @ArrayMaxSize(3) @IsString({ each: true }) tags!: string[];
  @IsNumber() price!: number;
  @IsNumber({ maxDecimalPlaces: 2 }) amount!: number;
  @IsBoolean() isUrgent!: boolean;
  @Allow() anything: unknown;
}

/** What TypeScript's metadata does not say, and the rules do. */
class Implied {
  @IsUUID('all', { each: true }) ids!: string[];
  @IsArray() @IsUUID('4', { each: true }) random!: string[];
  @IsArray() @Matches(/^[a-z]+$/i, { each: true }) words!: string[];
  @IsArray() @Min(1, { each: true }) sizes!: number[];
  @IsArray() @IsInt({ each: true }) @Min(1, { each: true }) counts!: number[];
  @IsOptional() @MaxLength(5) title!: string | null;
  @IsArray() @IsEmail({}, { each: true }) mails!: string[];
}

@ValidatorConstraint({ name: 'isString' })
class AnythingGoes implements ValidatorConstraintInterface {
  validate(): boolean {
    return true;
  }
}

class Special {
  @Validate(AnythingGoes) looksStrict!: string;
  @IsEmail() mail!: string;
  @ValidateIf(() => true) @IsNotEmpty() maybe?: string;
  @Transform(({ value }) => Number(value)) @IsInt() made!: number;
  @Type(() => Date) @IsDate() at!: Date;
  @Exclude() @IsString() hidden!: string;
  @Expose({ name: 'sent_as' }) @IsString() kept!: string;
}

class Leaf {
  @IsString() name!: string;
}

class Tree {
  @ValidateNested() @Type(() => Leaf) leaf!: Leaf;
  @IsArray() @ValidateNested({ each: true }) @Type(() => Tree) branches!: Tree[];
}

function namesake(): new () => object {
  class Leaf {
    @IsInt() size!: number;
  }
  return Leaf;
}

describe('the schema of a payload', () => {
  it('says what class-validator asks for', () => {
    expect(schemasOf(Plain)).toEqual({
      Plain: {
        type: 'object',
        properties: {
          text: { type: 'string', maxLength: 1000 },
          count: { anyOf: [{ type: 'integer', minimum: 1, maximum: 9 }, { type: 'null' }] },
          colour: { type: 'string', enum: ['red', 'blue'] },
          one: { enum: ['a', 1] },
          id: { type: 'string', format: 'uuid' },
          word: { type: 'string', pattern: '^[a-z]+$', minLength: 1, maxLength: 5 },
          anyCase: { type: 'string', 'x-rules': [{ rule: 'matches', constraints: ['/^[a-z]+$/i'] }] },
          tags: { type: 'array', maxItems: 3, items: { type: 'string' } },
          price: { type: 'number' },
          amount: { type: 'number', 'x-rules': [{ rule: 'isNumber', constraints: [{ maxDecimalPlaces: 2 }] }] },
          isUrgent: { type: 'boolean' },
          anything: {},
        },
        required: ['amount', 'anyCase', 'colour', 'id', 'isUrgent', 'one', 'price', 'tags', 'text', 'word'],
        additionalProperties: false,
      },
    });
  });

  it('says of what type the items of a list are, and a union, where a rule leaves no other', () => {
    expect(schemasOf(Implied)).toMatchObject({
      Implied: {
        properties: {
          ids: { type: 'array', items: { type: 'string', format: 'uuid' } },
          random: {
            type: 'array',
            items: { type: 'string' },
            'x-rules': [{ rule: 'isUuid', constraints: ['4'], each: true }],
          },
          words: { type: 'array', items: { type: 'string' } },
          sizes: { type: 'array', items: { type: 'number', minimum: 1 } },
          counts: { type: 'array', items: { type: 'integer', minimum: 1 } },
          title: { anyOf: [{ type: 'string', maxLength: 5 }, { type: 'null' }] },
          mails: { type: 'array' },
        },
      },
    });
  });

  it('takes no rule of the application for one of class-validator, and tells all that it cannot say', () => {
    expect(schemasOf(Special)).toEqual({
      Special: {
        type: 'object',
        properties: {
          looksStrict: { type: 'string', 'x-rules': [{ rule: 'isString' }] },
          mail: { type: 'string', 'x-rules': [expect.objectContaining({ rule: 'isEmail' })] },
          maybe: { type: 'string', 'x-rules': [{ rule: 'validateIf', count: 1 }, { rule: 'isNotEmpty' }] },
          made: { 'x-rules': [{ rule: 'isInt' }, { rule: 'transform' }] },
          at: { 'x-type': 'Date', 'x-rules': [{ rule: 'isDate' }] },
          sent_as: { type: 'string' },
        },
        required: ['at', 'looksStrict', 'made', 'mail', 'sent_as'],
        additionalProperties: false,
      },
    });
  });

  it('AZ-07 says who may send a property, what a record holds, and what cleans a text', () => {
    class Member {
      @IsString() name!: string;
      @WsInputRoles('owner', 'admin') @IsIn(['reader']) role = 'reader';
      @WsInputRoles('admin') @IsOptional() @ValidateNested() @Type(() => Leaf) leaf?: Leaf;
    }
    class Hygienic {
      @RecordOf(() => Leaf, { maxKeys: 2, keys: /^[a-z]+$/ }) leaves!: Record<string, Leaf>;
      @IsOptional() @RecordOf(() => Number, { each: true, keys: /^x/i }) counts?: Record<string, number>[];
      @SanitizeString() @IsString() clean!: string;
    }
    expect(schemasOf(Member, Hygienic)).toMatchObject({
      Leaf: {},
      Member: {
        properties: {
          role: { enum: ['reader'], 'x-roles': ['admin', 'owner'] },
          leaf: { anyOf: [{ $ref: '#/schemas/Leaf' }, { type: 'null' }], 'x-roles': ['admin'] },
        },
        required: ['name'],
      },
      Hygienic: {
        properties: {
          leaves: {
            type: 'object',
            additionalProperties: { $ref: '#/schemas/Leaf' },
            maxProperties: 2,
            propertyNames: { maxLength: 64, pattern: '^[a-z]+$' },
          },
          counts: {
            anyOf: [
              {
                type: 'array',
                items: {
                  type: 'object',
                  additionalProperties: { type: 'number' },
                  maxProperties: 100,
                  propertyNames: { maxLength: 64, 'x-pattern': '/^x/i' },
                },
              },
              { type: 'null' },
            ],
          },
          clean: { type: 'string', 'x-rules': [{ rule: '@SanitizeString()' }] },
        },
        required: ['clean', 'leaves'],
      },
    });
  });

  it('refers to the classes below, to itself, and to each of two namesakes', () => {
    const schemas = schemasOf(Tree, namesake()) as Record<string, { properties: unknown }>;
    expect(Object.keys(schemas)).toEqual(['Leaf', 'Leaf-2', 'Tree']);
    expect(schemas['Tree']?.properties).toEqual({
      leaf: { $ref: '#/schemas/Leaf' },
      branches: { type: 'array', items: { $ref: '#/schemas/Tree' } },
    });
    expect(schemas['Leaf-2']?.properties).toEqual({ size: { type: 'integer' } });
  });

  it('AZ-07 says which roles may send a closed field, and asks nobody else for it', () => {
    class SetRole {
      @IsString() user!: string;
      @WsInputRoles('owner', 'admin') @IsIn(['reader', 'writer']) role!: string;
      @WsInputRoles('admin') @ValidateNested() @Type(() => Leaf) leaf!: Leaf;
    }
    class Inherited extends SetRole {}
    const role = { enum: ['reader', 'writer'], type: 'string', 'x-roles': ['admin', 'owner'] };
    const schema = {
      properties: { user: { type: 'string' }, role, leaf: { $ref: '#/schemas/Leaf', 'x-roles': ['admin'] } },
      required: ['user'],
    };
    expect(schemasOf(SetRole, Inherited)).toMatchObject({ SetRole: schema, Inherited: schema });
  });

  it('has a schema for each of the groups and versions that a class is read for', () => {
    class Item {
      @IsString({ groups: ['create', 'update'] }) name!: string;
      @IsInt({ groups: ['create'] }) price!: number;
    }
    const catalogue = new SchemaCatalogue();
    expect(catalogue.schemaOf(Item, { groups: ['create'] })).toEqual({ $ref: '#/schemas/Item.create' });
    expect(catalogue.schemaOf([Item], { groups: ['update'] })).toMatchObject({
      items: { $ref: '#/schemas/Item.update' },
    });
    expect(catalogue.schemas).toMatchObject({
      'Item.create': { required: ['name', 'price'] },
      'Item.update': { properties: { name: { type: 'string' } }, required: ['name'] },
    });
    expect(catalogue.schemas['Item.update']).not.toHaveProperty('properties.price');
  });

  it('knows primitives, lists, and what a Standard Schema tells', () => {
    const catalogue = new SchemaCatalogue();
    const validate = (value: unknown): unknown => ({ value });
    const standard = (more: object, outer: object = {}): object => ({
      '~standard': { version: 1, vendor: 'own', validate, ...more },
      ...outer,
    });
    const told = { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'string' };
    expect(catalogue.schemaOf(undefined)).toBeNull();
    expect(catalogue.schemaOf([Number])).toEqual({ type: 'array', items: { type: 'number' } });
    expect(catalogue.schemaOf(standard({ jsonSchema: { input: () => told } }))).toEqual({ type: 'string' });
    expect(catalogue.schemaOf(standard({}, { toJsonSchema: () => told }))).toEqual({ type: 'string' });
    const thrown = (): never => {
      throw new Error('no transformation has a JSON Schema');
    };
    expect(catalogue.schemaOf(standard({ jsonSchema: { input: thrown } }, { toJSONSchema: thrown }))).toEqual({
      'x-validated-by': 'own',
    });
    const recursive = {
      type: 'object',
      properties: { next: { $ref: '#' }, end: { $ref: '#/$defs/End' } },
      $defs: { End: true },
    };
    expect(catalogue.schemaOf(standard({ jsonSchema: { input: () => recursive } }))).toEqual({
      $ref: '#/schemas/Schema',
    });
    expect(catalogue.schemas).toEqual({
      Schema: {
        ...recursive,
        properties: { next: { $ref: '#/schemas/Schema' }, end: { $ref: '#/schemas/Schema/$defs/End' } },
      },
    });
  });
});
