import type { BootProblem } from '../../core/boot-problems.js';
import { type DtoClass, isValidatable, type PropertyMetadata, readProperties } from './dto-metadata.js';
import { isTransformed, TRANSFORMER_STORAGE } from '../../nest/transformer-storage.js';

/**
 * Finds what makes a DTO class, or one below it, refuse every payload: mistakes that would otherwise show in production
 * as a client that is never understood.
 *
 * @returns one problem each, with the line that closes it; `where` is `Class.property`.
 */
export function findDtoProblems(type: DtoClass): BootProblem[] {
  const problems: BootProblem[] = [];
  const seen = new Set<DtoClass>([type]);
  // A set visits what is added while it is walked: each class once, even one that contains itself.
  for (const each of seen) {
    const properties = readProperties(each);
    checkInstance(each, properties, problems);
    for (const property of properties) {
      if (property.isPromise) {
        problems.push({
          where: `${each.name}.${property.name}`,
          problem: 'is @ValidatePromise(), but a message carries no promises.',
          fix: 'remove @ValidatePromise()',
        });
      }
      const nested = checkNested(each, property, problems);
      if (nested !== undefined) seen.add(nested);
    }
  }
  return problems;
}

function checkInstance(type: DtoClass, properties: readonly PropertyMetadata[], problems: BootProblem[]): void {
  let instance: object;
  try {
    instance = new type();
  } catch {
    problems.push({
      where: type.name,
      problem: 'cannot be made without arguments: its constructor throws.',
      fix: `remove the constructor of ${type.name}, or give its parameters defaults`,
    });
    return;
  }
  const names = new Set(properties.map(({ name }) => name));
  for (const name of Object.keys(instance)) {
    if (names.has(name)) continue;
    problems.push({
      where: `${type.name}.${name}`,
      problem: 'has no class-validator decorator, but every instance has the property: every payload is refused.',
      fix: `decorate ${name}, such as @IsString(), or remove it from the class`,
    });
  }
}

/** @returns the class of a nested property, to be looked at as well. */
function checkNested(type: DtoClass, property: PropertyMetadata, problems: BootProblem[]): DtoClass | undefined {
  const storage = TRANSFORMER_STORAGE;
  if (property.nested.length === 0 || storage === undefined) return undefined;
  const where = `${type.name}.${property.name}`;
  const metadata = storage.findTypeMetadata(type, property.name);
  if (metadata === undefined) {
    // A @Transform may make the instances.
    if (!isTransformed(storage, type, [property.name])) {
      problems.push({
        where,
        problem: 'is @ValidateNested() without @Type(): nothing says which class its objects are, and all are refused.',
        fix: 'add @Type(() => TheNestedDto) above it, from class-transformer',
      });
    }
    return undefined;
  }
  const { typeFunction, options } = metadata;
  if (typeFunction === undefined || typeFunction.length > 0 || options?.discriminator !== undefined) return undefined;
  const nested = typeFunction();
  if (isValidatable(nested)) return nested;
  problems.push({
    where,
    problem: 'is @ValidateNested() of a class without class-validator decorators: every object in it is refused.',
    fix: 'decorate the properties of the class in its @Type(), such as @IsString()',
  });
  return undefined;
}
