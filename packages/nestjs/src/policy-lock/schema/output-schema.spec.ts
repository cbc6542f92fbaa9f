import { Expose, Transform, Type } from 'class-transformer';
import { Allow, IsOptional } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { SchemaCatalogue } from './schema-catalogue.js';

class Author {
  @Expose() name!: string;
  @Expose({ groups: ['manager', 'auditor'] }) mail!: string;
  passwordHash!: string;
}

class Picture {
  @Expose() kind!: string;
  @Expose() width!: number;
}

class Film {
  @Expose() kind!: string;
  @Expose() seconds!: number;
}

class ArticleView {
  @Expose() id!: number;
  @Expose({ name: 'published' }) isPublished!: boolean;
  @Expose() at!: Date;
  @Expose() bytes!: Buffer;
  @Expose() author!: Author;
  @Expose() @Type(() => String) tags!: string[];
  @Expose() @Type(() => Author) byRole!: Map<string, Author>;
  @Expose() @Type(() => String) note!: string | null;
  @Expose() @IsOptional() subtitle?: string;
  @Expose() @Allow() anything: unknown;
  @Expose() @Transform(({ value }) => String(value)) rank!: string;
  @Expose()
  @Type(() => Object, {
    keepDiscriminatorProperty: true,
    discriminator: {
      property: 'kind',
      subTypes: [
        { name: 'picture', value: Picture },
        { name: 'film', value: Film },
      ],
    },
  })
  medium!: Picture | Film;
  @Expose() @Type(() => ArticleView) related!: ArticleView[];
}

const ref = (name: string): object => ({ $ref: `#/schemas/${name}` });

describe('the schema of a reply', () => {
  it('OD-04 says what the class exposes, to whom, and nothing else', () => {
    const catalogue = new SchemaCatalogue();
    expect(catalogue.outputOf(ArticleView)).toEqual(ref('ArticleView.output'));
    const text = { type: 'string' };
    const author = ref('Author.output');
    const member = (name: string, type: string): object => ({
      allOf: [ref(type)],
      'x-discriminator': { property: 'kind', value: name },
    });
    const mediums = { oneOf: [member('film', 'Film.output'), member('picture', 'Picture.output')] };
    expect(catalogue.schemas['ArticleView.output']).toEqual({
      type: 'object',
      'x-output': true,
      properties: {
        id: { type: 'number' },
        published: { type: 'boolean' },
        at: { type: 'string', format: 'date-time' },
        bytes: expect.objectContaining({ required: ['data', 'type'] }) as object,
        author,
        tags: { type: 'array', items: text },
        byRole: { type: 'object', additionalProperties: author },
        note: {
          anyOf: [
            text,
            { type: 'array', items: text },
            { type: 'object', additionalProperties: text },
            { type: 'null' },
          ],
        },
        subtitle: { anyOf: [text, { type: 'null' }] },
        anything: {},
        rank: text,
        medium: {
          anyOf: [
            mediums,
            { type: 'array', items: mediums },
            { type: 'object', additionalProperties: mediums },
            { type: 'null' },
          ],
        },
        related: { type: 'array', items: ref('ArticleView.output') },
      },
      required: [
        'anything', 'at', 'author', 'byRole', 'bytes', 'id', 'medium', 'note', 'published', 'rank', 'related', 'tags',
      ], // prettier-ignore
      additionalProperties: false,
    });
    expect(catalogue.schemas['Author.output']).toEqual({
      type: 'object',
      'x-output': true,
      properties: { name: text, mail: { type: 'string', 'x-roles': ['auditor', 'manager'] } },
      required: ['name'],
      additionalProperties: false,
    });
    expect(JSON.stringify(catalogue.schemas)).not.toContain('passwordHash');
  });

  it('OD-04 knows lists, primitives, and what a Standard Schema makes', () => {
    const catalogue = new SchemaCatalogue();
    expect(catalogue.outputOf([Author])).toEqual({ type: 'array', items: ref('Author.output') });
    expect(catalogue.outputOf([Number])).toEqual({ type: 'array', items: { type: 'number' } });
    expect(catalogue.outputOf(String)).toEqual({ type: 'string' });
    const told = { type: 'object', properties: { count: { type: 'number' } } };
    // Standard JSON Schema, as a library tells a property with a default.
    const jsonSchema = { input: () => told, output: () => ({ ...told, required: ['count'] }) };
    const counted = {
      '~standard': { version: 1, vendor: 'own', validate: (value: unknown) => ({ value }), jsonSchema },
    };
    expect(catalogue.schemaOf(counted)).not.toHaveProperty('required');
    expect(catalogue.outputOf(counted)).toMatchObject({ required: ['count'] });
  });

  it('OD-04 has a name of its own, whatever else the class is used for', () => {
    class Both {
      @Expose() @Allow() text!: string;
    }
    const catalogue = new SchemaCatalogue();
    expect([catalogue.outputOf(Both), catalogue.schemaOf(Both)]).toEqual([ref('Both.output'), ref('Both')]);
    expect([catalogue.schemaOf(Both), catalogue.outputOf(Both)]).toEqual([ref('Both'), ref('Both.output')]);
  });
});
