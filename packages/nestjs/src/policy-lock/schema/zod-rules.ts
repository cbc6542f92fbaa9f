import { byText, type PlainValue, plainOf, textOf } from '../plain-value.js';
import { constantOf, isZod, partsOf, structureOf, type ZodDef, type ZodSchema } from './schema-structure.js';

/** What zod is to do while it tells a schema: leave nothing out, and have what JSON Schema cannot say beside what it can. */
export const ZOD_OPTIONS = Object.freeze({
  // One of them must not blind the whole schema.
  unrepresentable: 'any',
  override: ({ zodSchema, jsonSchema }: ZodPlace): void => tellRest(zodSchema._zod.def, jsonSchema),
});

/** A schema of zod, and what is told of it so far. */
interface ZodPlace {
  readonly zodSchema: ZodSchema;
  readonly jsonSchema: Record<string, unknown>;
}

/** Kinds of which JSON knows no value. */
const UNTOLD: readonly unknown[] = [
  'bigint',
  'custom',
  'date',
  'function',
  'map',
  'nan',
  'set',
  'symbol',
  'transform',
  'undefined',
  'void',
];

function tellRest(def: ZodDef, jsonSchema: Record<string, unknown>): void {
  if (jsonSchema['default'] !== undefined) {
    const name = ['defaultValue', 'catchValue'].find((field) => field in def);
    // Of a moment or a chance, the lock would say something else at each look.
    if (name !== undefined && constantOf(() => valueOf(def[name])) === 'computed') jsonSchema['default'] = 'computed';
  }
  const own = rulesOf(def);
  const texts = new Set(own.map(textOf));
  // Of a schema that this one was made of: zod has copied them, and the rules of that are rules of this.
  const inherited = ((jsonSchema['x-rules'] ?? []) as readonly PlainValue[]).filter((rule) => !texts.has(textOf(rule)));
  const rules = [...inherited, ...own].sort(byText);
  if (rules.length > 0) jsonSchema['x-rules'] = rules;
}

function rulesOf(def: ZodDef): readonly PlainValue[] {
  const { type, checks = [] } = def;
  if (UNTOLD.includes(type)) return [{ rule: type as string, ...partsOf(def, [], ['type', 'check', 'coerce']) }];
  const rules: PlainValue[] = [def, ...checks.map(({ _zod }) => _zod.def)].flatMap(ruleOfCheck);
  if (type === 'literal') rules.push(...literalRules(def['values']));
  if (type === 'catch') rules.push({ rule: 'catch' });
  if (type === 'pipe') {
    // What stands behind is judged after what stands in front, of which alone JSON Schema tells.
    const isPrepared = isZod(def['in']) && def['in']._zod.def.type === 'transform';
    rules.push(isPrepared ? { rule: 'preprocess' } : { rule: 'pipe', to: structureOf(def['out']) });
  }
  return rules;
}

/** A check that is code, or whose pattern JSON Schema would read without its flags. */
function ruleOfCheck({ check, pattern }: ZodDef): readonly PlainValue[] {
  if (check === 'custom' || check === 'overwrite' || check === 'property') return [{ rule: check }];
  return pattern instanceof RegExp && pattern.flags !== '' ? [{ rule: 'pattern', constraints: [String(pattern)] }] : [];
}

function literalRules(values: unknown): readonly PlainValue[] {
  const list = Array.isArray(values) ? (values as readonly unknown[]) : [];
  const isPlain = list.every((value) => typeof value !== 'bigint' && value !== undefined);
  return isPlain ? [] : [{ rule: 'literal', values: plainOf(list) }];
}

/** Zod calls a function with what it could not take; a default it has called itself. */
function valueOf(value: unknown): unknown {
  if (typeof value !== 'function') return value;
  try {
    return (value as (context: object) => unknown)({
      issues: [],
      value: undefined,
      error: { issues: [] },
      input: undefined,
    });
  } catch {
    return value;
  }
}
