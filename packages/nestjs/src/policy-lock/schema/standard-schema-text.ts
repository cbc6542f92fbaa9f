import type { StandardSchema } from '../../core/standard-schema.js';
import { byText, isRecord, type PlainValue, plainOf, textOf } from '../plain-value.js';
import { isZod, structureOf } from './schema-structure.js';
import { ZOD_OPTIONS } from './zod-rules.js';

type Io = 'input' | 'output';

/** What each place is told with that a library cannot tell as JSON Schema. */
type Fallback = (context: { readonly code: string; readonly base: object }) => object;

/** The ways in which libraries tell their schemas: Standard JSON Schema, zod, arktype. */
type Describing = StandardSchema & {
  readonly '~standard': {
    readonly jsonSchema?: Partial<
      Record<Io, (options: { readonly target: string; readonly libraryOptions?: object }) => unknown>
    >;
  };
  readonly toJSONSchema?: (options: { readonly io: Io }) => unknown;
  readonly toJsonSchema?: (options: { readonly fallback: Fallback }) => unknown;
  /** What arktype keeps of a type. */
  readonly json?: unknown;
};

/** What a lock holds of a schema that nothing else is known of. */
export const VALIDATED_BY = 'x-validated-by';

/** The schema of what a schema makes, where that is another one than of what it takes. */
const BECOMES = 'x-becomes';

/** What arktype cannot tell, with whatever it knows of it. */
const fallback: Fallback = ({ code, base, ...known }) => ({ ...base, 'x-rules': [{ rule: code, ...known }] });

/**
 * The JSON Schema of what a Standard Schema takes, or of what it makes of that. What JSON Schema has no word for stands under
 * `x-rules` in its place; what is made of a payload, under `x-becomes`.
 *
 * @returns an open schema that names the library, where that does not tell, or cannot: with what it consists of where that
 * is known.
 */
export function describeStandardSchema(schema: StandardSchema, io: Io): PlainValue {
  const told = tell(schema, io);
  if (told !== undefined) {
    const made = io === 'output' || isZod(schema) ? told : (tell(schema, 'output') ?? told);
    if (textOf(made) === textOf(told) || !isRecord(told)) return told;
    return { ...told, [BECOMES]: pointInto(made, `#/${BECOMES}`) };
  }
  const vendor = String(schema['~standard'].vendor);
  const isOpen = isZod(schema) || vendor === 'valibot';
  return { [VALIDATED_BY]: vendor, ...(isOpen && { 'x-rules': [structureOf(schema)] }) };
}

function tell(schema: StandardSchema, io: Io): PlainValue | undefined {
  const told = schema as Describing;
  const { vendor, jsonSchema } = told['~standard'];
  const libraryOptions = vendor === 'arktype' ? { fallback } : undefined;
  const ways = [
    // Before the standard way, in which not every zod heeds the options.
    () => told.toJSONSchema?.({ io, ...ZOD_OPTIONS }),
    () => jsonSchema?.[io]?.({ target: 'draft-2020-12', ...(libraryOptions !== undefined && { libraryOptions }) }),
    () => told.toJsonSchema?.({ fallback }),
  ];
  for (const way of ways) {
    try {
      const found = way();
      if (typeof found === 'object' && found !== null) return withFlags(withoutDialect(plainOf(found)), told);
    } catch {
      // Another way, or none.
    }
  }
  return undefined;
}

function withoutDialect(schema: PlainValue): PlainValue {
  if (!isRecord(schema)) return schema;
  return Object.fromEntries(Object.entries(schema).filter(([name]) => name !== '$schema' && name !== '~standard'));
}

/** Arktype tells a pattern without its flags, and says nothing of them. */
function withFlags(schema: PlainValue, { '~standard': { vendor }, json }: Describing): PlainValue {
  if (vendor !== 'arktype' || !isRecord(schema)) return schema;
  const flagged = flaggedIn(plainOf(json)).sort(byText);
  if (flagged.length === 0) return schema;
  const rules = (schema['x-rules'] ?? []) as readonly PlainValue[];
  return { ...schema, 'x-rules': [...rules, ...flagged] };
}

function flaggedIn(kept: PlainValue): PlainValue[] {
  if (Array.isArray(kept)) return (kept as readonly PlainValue[]).flatMap(flaggedIn);
  if (!isRecord(kept)) return [];
  const { rule, flags } = kept;
  const own =
    typeof flags === 'string' && flags !== '' && rule !== undefined ? [{ rule: 'pattern', flags, of: rule }] : [];
  return [...own, ...Object.values(kept).flatMap(flaggedIn)];
}

/** Has the pointers of a schema that stood by itself lead into the place that it has now. */
export function pointInto(schema: PlainValue, place: string): PlainValue {
  if (Array.isArray(schema)) return (schema as readonly PlainValue[]).map((item) => pointInto(item, place));
  if (!isRecord(schema)) return schema;
  const entries = Object.entries(schema).map(([name, item]): [string, PlainValue] => {
    const isPointer = name === '$ref' && typeof item === 'string' && item.startsWith('#');
    return [name, isPointer ? `${place}${item.slice(1)}` : pointInto(item, place)];
  });
  return Object.fromEntries(entries);
}
