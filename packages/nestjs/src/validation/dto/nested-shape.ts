import 'reflect-metadata';
import type { DtoClass, PropertyMetadata } from './dto-metadata.js';

/** What a `@ValidateNested()` property holds. */
export type NestedShape = 'object' | 'array' | 'set' | 'map';

const LIST_RULE = /^array[A-Z]|^isArray$/;

/**
 * Finds out whether a nested property was declared as one object or as many.
 *
 * class-validator takes an array wherever an object is declared, and the reverse, and the handler then works with what
 * its types exclude (MV-07). TypeScript's emitted type decides; where it says nothing (a union, an interface, no
 * emitted types) the decorators do: `each: true` or a rule for arrays. Otherwise it is one object.
 */
export function nestedShapeOf(type: DtoClass, property: PropertyMetadata): NestedShape {
  const declared: unknown = Reflect.getMetadata('design:type', type.prototype as object, property.name);
  if (declared === Array) return 'array';
  if (declared === Set) return 'set';
  if (declared === Map) return 'map';
  if (declared !== undefined && declared !== Object) return 'object';
  const isList =
    property.nested.some(({ each }) => each === true) || property.rules.some(({ name = '' }) => LIST_RULE.test(name));
  return isList ? 'array' : 'object';
}
