import { compareText, isRecord, type PlainValue } from './plain-value.js';
import { nameOf, type PolicyDocument, type PolicyEvent } from './policy-document.js';
import { SCHEMA_POINTER } from './schema/schema-catalogue.js';

/**
 * The events as TypeScript types, for clients. Every name is a quoted key and nothing of the application stands in a comment:
 * whatever an event is called, it is a type and no code.
 */
export function policyTypes({ endpoints, schemas }: PolicyDocument): string {
  const events = endpoints.map((endpoint) => {
    // One event may exist in several subprotocols, each time with a payload of its own.
    const names = [...new Set(endpoint.events.map(({ event }) => event))];
    const lines = names.map((name) => {
      const own = endpoint.events.filter(({ event }) => event === name);
      const payload = unionOf(own.map((event) => (event.payload === null ? 'undefined' : typeOf(event.payload))));
      return `    readonly ${key(name)}: { readonly payload: ${payload}; readonly reply: ${unionOf(own.map(replyOf))} };`;
    });
    return [`  readonly ${key(nameOf(endpoint))}: {`, ...lines, '  };'];
  });
  const named = Object.entries(schemas).flatMap(([name, schema]) => [
    [name, schema] as const,
    ...definitionsOf(schema).map(([inner, definition]) => [`${name}/$defs/${inner}`, definition] as const),
  ]);
  const types = named
    .sort(([a], [b]) => compareText(a, b))
    .map(([name, schema]) => `  readonly ${key(name)}: ${typeOf(schema)};`);
  return [
    '// Made by `secure-ws policy --types`. Do not edit: make it again when the policy changes.',
    '',
    '/** What clients may send, by path and event. */',
    'export interface WsEvents {',
    ...events.flat(),
    '}',
    '',
    '/** What a client sends with an event of a path. */',
    'export type WsPayload<Path extends keyof WsEvents, Event extends keyof WsEvents[Path]> = WsEvents[Path][Event] extends { readonly payload: infer Payload } ? Payload : never;',
    '',
    '/** What an event of a path is answered with. */',
    'export type WsReply<Path extends keyof WsEvents, Event extends keyof WsEvents[Path]> = WsEvents[Path][Event] extends { readonly reply: infer Reply } ? Reply : never;',
    '',
    '/** The objects that payloads and replies consist of. */',
    'export interface WsSchemas {',
    ...types,
    '}',
    '',
  ].join('\n');
}

function replyOf({ reply }: PolicyEvent): string {
  return reply === undefined ? 'unknown' : typeOf(reply);
}

function definitionsOf(schema: PlainValue): readonly (readonly [string, PlainValue])[] {
  const definitions = isRecord(schema) ? schema['$defs'] : undefined;
  return definitions !== undefined && isRecord(definitions) ? Object.entries(definitions) : [];
}

/** The type of what a JSON Schema accepts; `unknown` for what TypeScript cannot say. */
function typeOf(schema: PlainValue): string {
  if (schema === false) return 'never';
  if (!isRecord(schema)) return 'unknown';
  const { $ref: pointer, const: constant, enum: values, anyOf, oneOf, allOf, type } = schema;
  if (typeof pointer === 'string') return referenceOf(pointer);
  if (constant !== undefined) return literalOf(constant);
  if (isList(values)) return unionOf(values.map(literalOf));
  const alternatives = isList(anyOf) ? anyOf : isList(oneOf) ? oneOf : undefined;
  if (alternatives !== undefined) return unionOf(alternatives.map(typeOf));
  if (isList(allOf)) return allOf.map((item) => `(${typeOf(item)})`).join(' & ') + discriminatorOf(schema);
  if (isList(type)) return unionOf(type.map((one) => typeOf({ ...schema, type: one })));
  switch (type) {
    case 'string':
    case 'boolean':
    case 'null':
      return type;
    case 'number':
    case 'integer':
      return 'number';
    case 'array':
      return arrayOf(schema);
    case 'object':
      return objectOf(schema);
    default:
      return 'unknown';
  }
}

function objectOf(schema: { readonly [name: string]: PlainValue }): string {
  const { properties = {}, required = [], additionalProperties: more } = schema;
  const names = isRecord(properties) ? Object.keys(properties).sort(compareText) : [];
  if (names.length === 0)
    return more === false ? 'Record<string, never>' : `Readonly<Record<string, ${typeOf(more ?? true)}>>`;
  const needed: readonly PlainValue[] = isList(required) ? required : [];
  const fields = names.map((name) => {
    const mark = needed.includes(name) ? '' : '?';
    const type = typeOf((properties as { readonly [name: string]: PlainValue })[name] as PlainValue);
    return `readonly ${key(name)}${mark}: ${type}`;
  });
  return `{ ${fields.join('; ')} }`;
}

function arrayOf({ items, prefixItems }: { readonly [name: string]: PlainValue }): string {
  if (isList(prefixItems)) {
    const rest = items === undefined || items === false ? [] : [`...(${typeOf(items)})[]`];
    return `readonly [${[...prefixItems.map(typeOf), ...rest].join(', ')}]`;
  }
  return `readonly (${typeOf(items ?? true)})[]`;
}

function discriminatorOf(schema: { readonly [name: string]: PlainValue }): string {
  const chosen = schema['x-discriminator'];
  if (chosen === undefined || !isRecord(chosen)) return '';
  const { property, value } = chosen;
  return typeof property === 'string' ? ` & { readonly ${key(property)}: ${literalOf(value ?? null)} }` : '';
}

function referenceOf(pointer: string): string {
  if (!pointer.startsWith(SCHEMA_POINTER)) return 'unknown';
  // A pointer into the middle of a schema, as some libraries write them, has no type of its own.
  const name = pointer.slice(SCHEMA_POINTER.length);
  return /^[^/]+(\/\$defs\/[^/]+)?$/.test(name) ? `WsSchemas[${key(name)}]` : 'unknown';
}

function literalOf(value: PlainValue): string {
  return typeof value === 'object' && value !== null ? 'unknown' : JSON.stringify(value);
}

function unionOf(types: readonly string[]): string {
  const members = [...new Set(types)];
  return members.length === 0 ? 'never' : members.map((type) => (members.length > 1 ? `(${type})` : type)).join(' | ');
}

function key(name: string): string {
  return JSON.stringify(name);
}

function isList(value: PlainValue | undefined): value is readonly PlainValue[] {
  return Array.isArray(value);
}
