import { typeMetadataOf, typesNamed } from '../../nest/transformer-storage.js';
import { type DtoClass, isValidatable, readProperties } from './dto-metadata.js';
import type { RecordDeclaration } from './record-declaration.js';

/** The classes that `@Type()` names for a property, those that a discriminator chooses from included. */
export function typedClassesOf(type: DtoClass, property: string): readonly unknown[] {
  const metadata = typeMetadataOf(type, property);
  if (metadata === undefined) return [];
  return [...typesNamed(metadata), ...(metadata.options?.discriminator?.subTypes ?? []).map(({ value }) => value)];
}

/** A class and all DTO classes that its payloads may hold, whatever the groups and versions. */
export function classesIn(type: DtoClass): ReadonlySet<DtoClass> {
  const seen = new Set<DtoClass>([type]);
  // A set visits what is added while it is walked: each class once, even one that contains itself.
  for (const each of seen) {
    for (const { name, record } of readProperties(each)) {
      for (const nested of heldClassesOf(each, name, record)) seen.add(nested);
    }
  }
  return seen;
}

/** The DTO classes that one property may hold. */
export function heldClassesOf(type: DtoClass, property: string, record: RecordDeclaration | undefined): DtoClass[] {
  return [...typedClassesOf(type, property), record?.valueType].filter((held) => isValidatable(held));
}
