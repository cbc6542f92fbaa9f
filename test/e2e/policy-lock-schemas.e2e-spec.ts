import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import * as mini from 'zod/mini';
import type { StandardSchema } from '../../packages/nestjs/src/core/standard-schema.js';
import { textOf } from '../../packages/nestjs/src/policy-lock/plain-value.js';
import { SchemaCatalogue } from '../../packages/nestjs/src/policy-lock/schema/schema-catalogue.js';
import { describeStandardSchema } from '../../packages/nestjs/src/policy-lock/schema/standard-schema-text.js';

type Pair = readonly [what: string, before: StandardSchema, after: StandardSchema];

const object = (n: number) => ({ n: z.number().max(n) });

/** One beside which JSON Schema can tell another property, and did not. */
const beside = (what: string, property: () => z.ZodType): Pair => [
  `a number beside ${what}`,
  z.strictObject({ ...object(3), other: property() }),
  z.strictObject({ ...object(300), other: property() }),
];

const number = z.string().transform(Number);

const ZOD: readonly Pair[] = [
  beside('a date', () => z.coerce.date()),
  beside('a bigint', () => z.coerce.bigint()),
  beside('a rule of the application', () => z.custom<string>()),
  beside('a map', () => z.map(z.string(), z.string()).optional()),
  beside('nothing', () => z.undefined()),
  ['the end of a date', z.date().max(new Date(0)), z.date().max(new Date(9e14))],
  ['the end of a bigint', z.strictObject({ n: z.bigint().max(3n) }), z.strictObject({ n: z.bigint().max(4n) })],
  ['the values of a map', z.map(z.string(), z.number().max(3)), z.map(z.string(), z.number().max(4))],
  ['the values of a set', z.set(z.enum(['a'])), z.set(z.enum(['a', 'b']))],
  ['literals of which JSON has none', z.literal([1n, 2]), z.literal([1n, 2n, 2])],
  ['the case of a pattern', z.string().regex(/^a$/), z.string().regex(/^a$/i)],
  ['the lines of a pattern', z.array(z.string().regex(/^a$/)), z.array(z.string().regex(/^a$/m))],
  ['flags of an optional pattern', z.string().regex(/a/).optional(), z.string().regex(/a/i).optional()],
  ['what stands behind a pipe', number.pipe(z.number().max(3)), number.pipe(z.number().max(300))],
  [
    'what stands between two transformations',
    number.pipe(z.number().max(3)).transform(String),
    number.pipe(z.number().max(300)).transform(String),
  ],
  ['a refinement', z.string(), z.string().refine(() => true)],
  ['what cleans a text', z.string(), z.string().trim()],
  ['a default', z.string().default('reader'), z.string().default('admin')],
  [
    'a rule of zod/mini',
    mini.strictObject({ d: mini.date(), n: mini.number().check(mini.maximum(3)) }),
    mini.strictObject({ d: mini.date(), n: mini.number().check(mini.maximum(4)) }),
  ],
];

const OTHERS: readonly Pair[] = [
  ['arktype: a number beside a date', type({ d: 'Date', n: 'number<=3' }), type({ d: 'Date', n: 'number<=300' })],
  ['arktype: the end of a date', type("Date<d'2020-01-01'"), type("Date<d'2030-01-01'")],
  ['arktype: a kind', type({ 'b?': 'bigint' }), type({ 'b?': 'Date' })],
  ['arktype: the case of a pattern', type({ t: /^a$/ }), type({ t: /^a$/i })],
  [
    'arktype: what a text becomes',
    type('string.numeric.parse').to('number<=3'),
    type('string.numeric.parse').to('number<=300'),
  ],
  [
    'valibot: a number',
    v.object({ n: v.pipe(v.number(), v.maxValue(3)) }),
    v.object({ n: v.pipe(v.number(), v.maxValue(300)) }),
  ],
  ...['message', 'error', 'expects'].map((name): Pair => [
    `valibot: a property that is called ${name}`,
    v.object({ [name]: v.string() }),
    v.object({ [name]: v.number() }),
  ]),
  ['valibot: what is refused besides', v.strictObject({}), v.object({})],
  ['valibot: a pattern', v.pipe(v.string(), v.regex(/a/)), v.pipe(v.string(), v.regex(/a/i))],
];

const textOfInput = (schema: StandardSchema): string => textOf(new SchemaCatalogue().schemaOf(schema));

describe('the schema of a Standard Schema', () => {
  it.each<readonly [library: string, of: (moment: Date) => StandardSchema]>([
    ['zod', (moment) => z.strictObject({ at: z.coerce.date().max(moment) })],
    ['valibot', (moment) => v.object({ at: v.pipe(v.date(), v.maxValue(moment)) })],
  ])('AZ-01 is the same at every start where a limit is the moment of the start: %s', (_library, of) => {
    const text = (time: number): string => textOf(describeStandardSchema(of(new Date(time)), 'input'));
    const now = Date.now();
    expect(text(now)).toBe(text(now - 5));
    expect(text(now)).not.toBe(text(now - 86_400_000));
  });

  it.each([...ZOD, ...OTHERS])('AZ-01 differs where this does: %s', (_what, before, after) => {
    const text = textOf(describeStandardSchema(before, 'input'));
    expect(text).not.toBe(textOf(describeStandardSchema(after, 'input')));
    // The same at each look.
    expect(textOf(describeStandardSchema(before, 'input'))).toBe(text);
  });

  it('AZ-01 says of zod what JSON Schema cannot, in its place', () => {
    const schema = z.strictObject({
      n: z.number().max(3),
      at: z.coerce.date().max(new Date(0)),
      word: z.string().regex(/^a$/i).meta({ title: 'Word' }).optional(),
      page: z.string().transform(Number).pipe(z.number().max(9)),
    });
    const limit = { check: 'less_than', value: 'Date 1970-01-01T00:00:00.000Z', inclusive: true };
    const page = { type: 'number', checks: [{ check: 'less_than', value: 9, inclusive: true }] };
    const piped = (to: object): object => ({ rule: 'pipe', to });
    expect(describeStandardSchema(schema, 'input')).toEqual({
      type: 'object',
      properties: {
        n: { type: 'number', maximum: 3 },
        at: { 'x-rules': [{ rule: 'date', checks: [limit] }] },
        word: {
          ...{ type: 'string', title: 'Word', pattern: '^a$' },
          'x-rules': [{ rule: 'pattern', constraints: ['/^a$/i'] }],
        },
        page: { type: 'string', 'x-rules': [piped(page), piped({ type: 'transform', transform: 'Number' })] },
      },
      required: ['n', 'at', 'page'],
      additionalProperties: false,
    });
  });

  it('AZ-01 says what a payload becomes where that is something else', () => {
    const told = { $defs: { Text: { type: 'string' } }, $ref: '#/$defs/Text' };
    const made = { $defs: { Count: { type: 'number' } }, $ref: '#/$defs/Count' };
    const schema: StandardSchema = {
      '~standard': {
        ...{ version: 1, vendor: 'own', validate: (value: unknown) => ({ value }) },
        ...{ jsonSchema: { input: () => told, output: () => made } },
      },
    };
    const catalogue = new SchemaCatalogue();
    expect(catalogue.schemaOf(schema)).toEqual({ $ref: '#/schemas/Schema' });
    expect(catalogue.schemas['Schema']).toEqual({
      ...told,
      $ref: '#/schemas/Schema/$defs/Text',
      'x-becomes': { ...made, $ref: '#/schemas/Schema/x-becomes/$defs/Count' },
    });
  });

  it('AZ-01 is the same at each boot where a default is of the moment, and ends where a schema holds itself', () => {
    let count = 0;
    const moments = (now: number): StandardSchema =>
      z.object({
        at: z.date().default(() => new Date(now)),
        text: z.string().default(() => new Date(now).toISOString()),
        ms: z.number().catch(() => now),
        id: z.string().default(() => String(count++)),
      });
    const now = Date.now();
    expect(textOfInput(moments(now))).toBe(textOfInput(moments(now + 1000)));
    interface Tree {
      at: Date;
      below: Map<string, Tree>;
    }
    const tree: z.ZodType<Tree> = z.strictObject({
      at: z.date(),
      below: z.map(
        z.string(),
        z.lazy(() => tree),
      ),
    });
    expect(textOfInput(tree)).toContain('circular');
  });
});
