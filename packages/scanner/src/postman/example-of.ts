import { fieldsOf } from '../discovery/endpoints-of-async-api.js';
import type { ExampleBudget } from './example-budget.js';

const MAX_DEPTH = 8;
const MAX_PROPERTIES = 200;

/** Texts of the formats that JSON Schema names. */
const TEXTS: Readonly<Record<string, string>> = {
  uuid: '00000000-0000-4000-8000-000000000000',
  'date-time': '2030-01-01T00:00:00Z',
  date: '2030-01-01',
  time: '00:00:00Z',
  email: 'somebody@example.com',
  uri: 'https://example.com/',
  ipv4: '192.0.2.1',
};

/** Where an example is made. */
export interface ExamplePlace {
  /** References lead into it. */
  readonly document: unknown;
  readonly budget: ExampleBudget;
}

/** A value that is likely to be valid for a schema: enough to begin with, by hand. What is too much of it is `null`. */
export function exampleOf(schema: unknown, place: ExamplePlace, depth = 0): unknown {
  const { document, budget } = place;
  const fields = fieldsOf(resolve(schema, document));
  if (depth > MAX_DEPTH || !budget.take(null)) return null;
  const [given] = [fields['const'], fields['default'], firstOf(fields['examples']), firstOf(fields['enum'])].filter(
    (value) => value !== undefined,
  );
  if (given !== undefined) return budget.take(given) ? given : null;
  const choice = firstOf(fields['oneOf']) ?? firstOf(fields['anyOf']);
  if (choice !== undefined) return exampleOf(choice, place, depth + 1);
  const parts = Array.isArray(fields['allOf']) ? (fields['allOf'] as readonly unknown[]) : [];
  if (parts.length > 0) {
    const values = parts.slice(0, MAX_PROPERTIES).map((part) => exampleOf(part, place, depth + 1));
    return Object.assign({}, ...values.map(fieldsOf)) as unknown;
  }
  return byType(fields, place, depth);
}

function byType(fields: Readonly<Record<string, unknown>>, place: ExamplePlace, depth: number): unknown {
  const { type, properties, items, format, minimum, minItems } = fields;
  switch (
    Array.isArray(type) ? (type as readonly unknown[])[0] : (type ?? (properties === undefined ? '' : 'object'))
  ) {
    case 'object': {
      const entries = Object.entries(fieldsOf(properties)).slice(0, MAX_PROPERTIES);
      return Object.fromEntries(entries.map(([name, one]) => [name, exampleOf(one, place, depth + 1)]));
    }
    case 'array':
      return items === undefined || minItems === 0 ? [] : [exampleOf(items, place, depth + 1)];
    case 'string':
      return TEXTS[String(format)] ?? 'text';
    case 'integer':
    case 'number':
      return typeof minimum === 'number' ? minimum : 1;
    case 'boolean':
      return true;
    default:
      return null;
  }
}

/** What a reference within the document leads to; others are not followed. */
export function resolve(value: unknown, document: unknown): unknown {
  let at = value;
  for (let hops = 0; hops < MAX_DEPTH; hops++) {
    const { $ref: pointer } = fieldsOf(at);
    if (typeof pointer !== 'string') return at;
    if (!pointer.startsWith('#/')) return undefined;
    at = pointer
      .slice(2)
      .split('/')
      .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<unknown>(
        (fields, name) => (Object.hasOwn(fieldsOf(fields), name) ? fieldsOf(fields)[name] : undefined),
        document,
      );
  }
  return undefined;
}

function firstOf(list: unknown): unknown {
  return Array.isArray(list) ? (list as readonly unknown[])[0] : undefined;
}
