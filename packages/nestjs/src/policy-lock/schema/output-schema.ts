import { DiscriminatedShape, ObjectShape, type OutputProperty } from '../../output/object-shape.js';
import {
  BufferShape,
  ContainerShape,
  DateShape,
  type OutputShape,
  ScalarShape,
  SchemaShape,
} from '../../output/output-shape.js';
import type { StandardSchema } from '../../core/standard-schema.js';
import { type DtoClass, isOptional, readProperties } from '../../validation/dto/dto-metadata.js';
import { byText, compareText, type PlainValue } from '../plain-value.js';

/** How what stands for itself is described or referred to. */
interface References {
  readonly object: (shape: ObjectShape) => PlainValue;
  readonly standard: (schema: StandardSchema) => PlainValue;
}

const BUFFER: PlainValue = {
  type: 'object',
  properties: { type: { const: 'Buffer' }, data: { type: 'array', items: { type: 'integer' } } },
  required: ['data', 'type'],
};

/** The JSON Schema of what goes out through a shape. */
export function describeOutput(shape: OutputShape, references: References): PlainValue {
  if (shape instanceof ScalarShape) return { type: shape.type };
  if (shape instanceof DateShape) return { type: 'string', format: 'date-time' };
  if (shape instanceof BufferShape) return BUFFER;
  if (shape instanceof SchemaShape) return references.standard(shape.schema);
  if (shape instanceof ObjectShape) return references.object(shape);
  if (shape instanceof DiscriminatedShape) return describeUnion(shape, references);
  // Any plain data.
  return shape instanceof ContainerShape ? describeContainer(shape, references) : {};
}

/**
 * The JSON Schema of what an output DTO lets out. A property that it exposes to some roles has them under `x-roles`. A
 * property is required, as its declaration says, unless `@IsOptional()` or roles say otherwise.
 */
export function describeOutputObject({ type, properties }: ObjectShape, references: References): PlainValue {
  const marked = readProperties(type as DtoClass).filter(isOptional);
  const optional = new Set(marked.map(({ name }) => name));
  const isAlways = ({ name, roles }: OutputProperty): boolean => roles.length === 0 && !optional.has(name);
  const described = properties.map((property): [string, PlainValue] => {
    const own = describeOutput(property.shape, references);
    const schema = optional.has(property.name) ? { anyOf: [own, { type: 'null' }] } : own;
    return [property.sentAs, withRoles(schema, property.roles)];
  });
  const required = properties.filter(isAlways).map(({ sentAs }) => sentAs);
  return {
    type: 'object',
    'x-output': true,
    properties: Object.fromEntries(described),
    ...(required.length > 0 && { required: required.sort(compareText) }),
    additionalProperties: false,
  };
}

/** A schema with the roles that may send, or see, what it describes. */
export function withRoles(schema: PlainValue, roles: readonly string[]): PlainValue {
  return roles.length === 0 ? schema : { ...(schema as object), 'x-roles': [...new Set(roles)].sort(compareText) };
}

function describeContainer({ container, item }: ContainerShape, references: References): PlainValue {
  const one = describeOutput(item, references);
  const list = { type: 'array', items: one };
  const map = { type: 'object', additionalProperties: one };
  switch (container) {
    case 'one':
      return one;
    case 'list':
      return list;
    case 'map':
      return map;
    case 'any':
      // `Item | null`, `Item[] | undefined`: TypeScript's metadata says nothing of a union.
      return { anyOf: [one, list, map, { type: 'null' }] };
  }
}

function describeUnion({ property, choices }: DiscriminatedShape, references: References): PlainValue {
  const members = choices.map(({ name, shape }): PlainValue => ({
    allOf: [references.object(shape)],
    'x-discriminator': { property, value: name },
  }));
  return { oneOf: members.sort(byText) };
}
