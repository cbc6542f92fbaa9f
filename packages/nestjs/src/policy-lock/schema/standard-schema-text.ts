import type { StandardSchema } from '../../core/standard-schema.js';
import { isRecord, type PlainValue, plainOf } from '../plain-value.js';

/** The ways in which libraries tell their schemas: Standard JSON Schema, zod, arktype. */
type Describing = StandardSchema & {
  readonly '~standard': {
    readonly jsonSchema?: Partial<Record<'input' | 'output', (options: { readonly target: string }) => unknown>>;
  };
  readonly toJSONSchema?: (options: { readonly io: 'input' | 'output' }) => unknown;
  readonly toJsonSchema?: () => unknown;
};

/**
 * The JSON Schema of what a Standard Schema takes, or of what it makes of that.
 *
 * @returns an open schema that names the library, where that does not tell, or cannot: a transformation has no JSON Schema.
 */
export function describeStandardSchema(schema: StandardSchema, io: 'input' | 'output'): PlainValue {
  const told = schema as Describing;
  const ways = [
    () => told['~standard'].jsonSchema?.[io]?.({ target: 'draft-2020-12' }),
    () => told.toJSONSchema?.({ io }),
    () => told.toJsonSchema?.(),
  ];
  for (const tell of ways) {
    try {
      const found = tell();
      if (typeof found === 'object' && found !== null) return withoutDialect(plainOf(found));
    } catch {
      // Another way, or none.
    }
  }
  return { 'x-validated-by': String(schema['~standard'].vendor) };
}

function withoutDialect(schema: PlainValue): PlainValue {
  if (!isRecord(schema)) return schema;
  return Object.fromEntries(Object.entries(schema).filter(([name]) => name !== '$schema' && name !== '~standard'));
}
