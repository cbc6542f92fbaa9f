import { type DtoClass, heldClassesOf, type PropertyMetadata, readProperties } from './dto-metadata.js';

/**
 * Whether what a derived class admits is admitted by the class above it. It is not where the derived one makes a property
 * optional, or decorates it anew: class-validator then drops the rules that stand above.
 */
export function isAsStrict(type: DtoClass, above: DtoClass): boolean {
  const own = new Map(readProperties(type).map((property) => [property.name, property]));
  return readProperties(above).every((property) => {
    const mine = own.get(property.name);
    if (mine === undefined) return false;
    return (
      hasAll(mine.rules, property.rules) &&
      hasAll(mine.nested, property.nested) &&
      hasAll(property.conditions, mine.conditions) &&
      mine.record === property.record &&
      hasAll(heldBy(above, property), heldBy(type, mine))
    );
  });
}

function heldBy(type: DtoClass, { name, record }: PropertyMetadata): readonly unknown[] {
  return heldClassesOf(type, name, record);
}

function hasAll(all: readonly unknown[], wanted: readonly unknown[]): boolean {
  return wanted.every((each) => all.includes(each));
}
