import { type DtoClass, heldClassesOf, isValidatable, type PropertyMetadata, readProperties } from './dto-metadata.js';

/** What {@link describedAs} has answered: it is asked for each message, and classes do not change. */
const answers = new WeakMap<DtoClass, WeakMap<DtoClass, boolean | 'loosely'>>();

/** Whether what was validated as one class is, with that, what another one describes; `'loosely'`: the first admits more. */
export function describedAs(validated: unknown, type: DtoClass): boolean | 'loosely' {
  if (validated === type) return true;
  if (!isValidatable(validated) || !isBelow(validated, type)) return false;
  let ofClass = answers.get(validated);
  if (ofClass === undefined) answers.set(validated, (ofClass = new WeakMap()));
  let answer = ofClass.get(type);
  if (answer === undefined) ofClass.set(type, (answer = isAsStrict(validated, type) || 'loosely'));
  return answer;
}

function isBelow(validated: DtoClass, type: DtoClass): boolean {
  return validated.prototype instanceof type;
}

/**
 * Whether what a derived class admits is admitted by the class above it. It is not where the derived one makes a property
 * optional, or decorates it again: class-validator then drops the rules that stand above.
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
