import {
  type Discriminator,
  type DtoSelection,
  hasTransform,
  sentNamesOf,
  typeMetadataOf,
  typesNamed,
  valueTransformsOf,
} from '../../nest/transformer-storage.js';
import {
  constraintsOf,
  type DtoClass,
  isOptional,
  isValidatable,
  type PropertyMetadata,
  type PropertyShape,
  readProperties,
} from '../../validation/dto/dto-metadata.js';
import type { RecordDeclaration } from '../../validation/dto/record-declaration.js';
import { sanitizersOf } from '../../validation/hygiene/sanitizer.js';
import { findValueTest } from '../../validation/dto/rule-conformance.js';
import { inputRolesOf } from '../../validation/dto/ws-input-roles.decorator.js';
import { byText, compareText, type PlainValue, plainOf } from '../plain-value.js';
import { withRoles } from './output-schema.js';
import { ruleSchemaOf, ruleTypeOf } from './rule-schema.js';

/** How the classes below a class are referred to, and what of all of them is read. */
interface Reading {
  readonly reference: (type: DtoClass) => PlainValue;
  readonly selection: DtoSelection;
}

type Fields = Record<string, PlainValue>;

const SHAPES: Partial<Record<PropertyShape, string>> = {
  array: 'array',
  collection: 'array',
  set: 'array',
  map: 'object',
  object: 'object',
  string: 'string',
  number: 'number',
  boolean: 'boolean',
};

/**
 * The JSON Schema of what a DTO class accepts. What JSON Schema has no word for stands under `x-rules`; the roles that a
 * property is closed to all others for, under `x-roles`.
 */
export function describeDto(type: DtoClass, reading: Reading): PlainValue {
  const { selection } = reading;
  const properties = readProperties(type, selection);
  const names = properties.map(({ name }) => name);
  const sentNames = new Map([...sentNamesOf(type, names, selection)].map(([sent, name]) => [name, sent]));
  const closed = inputRolesOf(type);
  const entries: [string, PlainValue][] = [];
  const required: string[] = [];
  for (const property of properties) {
    // What a payload cannot name is refused, and so no part of it.
    const sent = sentNames.get(property.name);
    if (sent === undefined) continue;
    const roles = closed.get(property.name) ?? [];
    entries.push([sent, withRoles(describeProperty(type, property, reading), roles)]);
    // Of whoever may not send it, nobody asks for it.
    if (isRequired(property) && roles.length === 0) required.push(sent);
  }
  return {
    type: 'object',
    properties: Object.fromEntries(entries),
    ...(required.length > 0 && { required: required.sort(compareText) }),
    additionalProperties: false,
  };
}

function isRequired({ conditions, rules, record, isAllowed }: PropertyMetadata): boolean {
  return conditions.length === 0 && (rules.length > 0 || record !== undefined) && !isAllowed;
}

function describeProperty(type: DtoClass, property: PropertyMetadata, reading: Reading): Fields {
  const { conditions, isPromise } = property;
  const asked = conditions.filter(({ name }) => name !== 'isOptional').length;
  const isMade = hasTransform(type, property.name, reading.selection);
  const own = isMade ? {} : shapeOf(type, property, reading);
  const extra: PlainValue[] = [];
  const item: Fields = {};
  const whole: Fields = {};
  let itemType: string | undefined;
  let wholeType: string | undefined;
  for (const metadata of property.rules) {
    for (const constraint of constraintsOf(metadata)) {
      const { each, validateIf } = metadata;
      const isGenuine = validateIf === undefined && findValueTest(metadata, constraint) !== undefined;
      const known = isGenuine ? ruleSchemaOf(constraint.name, metadata.constraints ?? []) : undefined;
      const implied = isGenuine && !isMade ? ruleTypeOf(constraint.name) : undefined;
      if (each === true) itemType ??= implied;
      else wholeType ??= implied;
      if (known !== undefined && !isMade) Object.assign(each === true ? item : whole, known);
      else extra.push(ruleText(constraint.name, metadata, validateIf !== undefined));
    }
  }
  if (asked > 0) extra.push({ rule: 'validateIf', count: asked });
  if (isPromise) extra.push({ rule: 'validatePromise' });
  if (isMade) extra.push({ rule: 'transform' });
  for (const { decorator } of sanitizersOf(valueTransformsOf(type, property.name))) extra.push({ rule: decorator });
  // TypeScript's metadata says nothing of the items of a list, nor of a union: a rule that only texts meet does.
  const isUntyped = Object.keys(own).length === 0;
  const items = {
    ...(itemType !== undefined && own['items'] === undefined && { type: itemType }),
    ...(own['items'] as Fields | undefined),
    ...item,
  };
  const schema: Fields = {
    ...(wholeType !== undefined && isUntyped && { type: wholeType }),
    ...own,
    ...whole,
    ...(Object.keys(items).length > 0 && { items }),
    ...(extra.length > 0 && { 'x-rules': extra.sort(byText) }),
  };
  return isOptional(property) ? { anyOf: [schema, { type: 'null' }] } : schema;
}

function ruleText(
  name: string,
  { constraints = [], each }: PropertyMetadata['rules'][number],
  isConditional: boolean,
): PlainValue {
  // What a decorator was not given it has as undefined.
  const given = constraints.filter((constraint) => constraint !== undefined);
  return {
    rule: name,
    ...(given.length > 0 && { constraints: plainOf(given) }),
    ...(each === true && { each }),
    ...(isConditional && { conditional: true }),
  };
}

function shapeOf(type: DtoClass, property: PropertyMetadata, reading: Reading): Fields {
  const { name, shape, nested, record } = property;
  if (record !== undefined) {
    const one = recordOf(record, reading);
    return property.isRecordList ? { type: 'array', items: one } : one;
  }
  const metadata = typeMetadataOf(type, name);
  if (nested.length === 0) {
    const named = metadata === undefined ? [] : typesNamed(metadata);
    // @Type(() => Date) makes one of what was sent; what it takes is for the rules to say.
    const converts =
      named.length > 0 && named[0] !== Reflect.getMetadata('design:type', type.prototype as object, name);
    if (converts || named[0] === Date) return { 'x-type': plainOf(named[0]) };
    return SHAPES[shape] === undefined ? {} : { type: SHAPES[shape] };
  }
  const { discriminator } = metadata?.options ?? {};
  const below =
    discriminator === undefined
      ? classesOf(type, property, reading).map(reading.reference)
      : unionOf(discriminator, reading);
  const one: PlainValue = below.length === 1 ? (below[0] as PlainValue) : below.length > 1 ? { oneOf: below } : {};
  if (shape === 'map') return { type: 'object', additionalProperties: one };
  return shape === 'array' || shape === 'set' ? { type: 'array', items: one } : (one as Fields);
}

const PRIMITIVES: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [String, 'string'],
  [Number, 'number'],
  [Boolean, 'boolean'],
]);

/** A `@RecordOf()`: names of the client's, and values of one kind. */
function recordOf({ valueType, maxKeys, maxKeyLength, keys }: RecordDeclaration, reading: Reading): Fields {
  const primitive = PRIMITIVES.get(valueType);
  const value = primitive === undefined ? reading.reference(valueType as DtoClass) : { type: primitive };
  return {
    type: 'object',
    additionalProperties: value,
    maxProperties: maxKeys,
    propertyNames: {
      maxLength: maxKeyLength,
      ...(keys === undefined ? {} : keys.flags === '' ? { pattern: keys.source } : { 'x-pattern': String(keys) }),
    },
  };
}

function classesOf(type: DtoClass, { name }: PropertyMetadata, { selection }: Reading): readonly DtoClass[] {
  const metadata = typeMetadataOf(type, name);
  const declared: unknown = Reflect.getMetadata('design:type', type.prototype as object, name);
  const named = metadata === undefined ? [] : typesNamed(metadata);
  return [...named, declared].filter((item) => isValidatable(item, selection)).slice(0, 1);
}

function unionOf({ property, subTypes }: Discriminator, { reference, selection }: Reading): readonly PlainValue[] {
  const members = subTypes.map(({ name, value }): PlainValue => ({
    allOf: [isValidatable(value, selection) ? reference(value) : true],
    'x-discriminator': { property, value: name },
  }));
  return members.sort(byText);
}
