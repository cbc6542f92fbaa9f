import { BootProblems } from '../../core/boot-problems.js';
import {
  type DtoClass,
  isOpenPattern,
  isValidatable,
  LIST_RULE,
  MAX_PATTERN_TEXT,
  type PropertyMetadata,
  readProperties,
  typedClassesOf,
} from './dto-metadata.js';
import {
  type DtoSelection,
  hasTransform,
  isTransformed,
  sentNamesOf,
  typeMetadataOf,
  typesNamed,
} from '../../nest/transformer-storage.js';
import { checkSanitizers } from '../hygiene/sanitizer-problems.js';
import { checkRecord } from './record-problems.js';

/**
 * Finds what makes a DTO class, or one below it, refuse every payload: mistakes that would otherwise show in production
 * as a client that is never understood; and what would pass content that nothing looks at. And it warns of what one
 * message can make expensive (MV-13).
 *
 * `where` is `Class.property`; what two handlers share is said once.
 */
export function checkDto(type: DtoClass, problems: BootProblems, selection: DtoSelection = {}): void {
  const found = new BootProblems();
  const seen = new Set<DtoClass>([type]);
  // A set visits what is added while it is walked: each class once, even one that contains itself.
  for (const each of seen) {
    const properties = readProperties(each, selection);
    checkInstance(each, properties, selection, found);
    for (const property of properties) {
      const where = `${each.name}.${property.name}`;
      if (property.isPromise) {
        found.add(where, 'is @ValidatePromise(), but a message carries no promises.', 'remove @ValidatePromise()');
      }
      if (typedClassesOf(each, property.name).includes(Buffer)) {
        found.add(
          where,
          'is a @Type(() => Buffer): of { "length": 2000000000 } it makes as many bytes, whatever a message may weigh.',
          'take a text, such as @IsBase64(), or the bytes of the message with @WsBinary()',
        );
      }
      warnOfCost(property, where, found);
      for (const nested of checkNested(each, property, selection, found)) seen.add(nested);
      for (const nested of checkRecord(each, property, selection, found)) seen.add(nested);
      checkSanitizers(each, property, found);
    }
    const names = properties.map(({ name }) => name);
    const sent = new Set(sentNamesOf(each, names, selection).values());
    for (const property of properties) {
      // Of a Buffer enough has been said.
      if (!sent.has(property.name) || typedClassesOf(each, property.name).includes(Buffer)) continue;
      checkContent(each, property, selection, found);
    }
  }
  problems.problems.push(...found.problems.filter(isMissingFrom(problems.problems)));
  problems.warnings.push(...found.warnings.filter(isMissingFrom(problems.warnings)));
}

function isMissingFrom(known: readonly object[]): (one: object) => boolean {
  const texts = new Set(known.map((other) => Object.values(other).join('\n')));
  return (one) => !texts.has(Object.values(one).join('\n'));
}

/** What costs as much as a client likes to send. */
function warnOfCost({ shape, rules, nested }: PropertyMetadata, where: string, problems: BootProblems): void {
  const isList = shape === 'array' || shape === 'collection';
  const isEach = isList && [...rules, ...nested].some(({ each }) => each === true);
  if (isEach && !rules.some(({ name }) => name === 'arrayMaxSize')) {
    problems.warn(where, 'is checked item by item, however many a message has room for: add @ArrayMaxSize(n).');
  }
  if (rules.some((rule) => isOpenPattern(rule, rules))) {
    const warning = `is matched against a pattern that repeats: texts over ${MAX_PATTERN_TEXT} characters are refused.`;
    problems.warn(where, `${warning} Say how long one may be: add @MaxLength(n).`);
  }
}

function checkInstance(
  type: DtoClass,
  properties: readonly PropertyMetadata[],
  selection: DtoSelection,
  problems: BootProblems,
): void {
  let instance: Readonly<Record<string, unknown>>;
  try {
    instance = new type() as typeof instance;
  } catch {
    problems.add(
      type.name,
      'cannot be made without arguments: its constructor throws.',
      `remove the constructor of ${type.name}, or give its parameters defaults`,
    );
    return;
  }
  if ('then' in (type.prototype as object)) {
    problems.add(`${type.name}.then`, 'makes `await` take every instance for a promise.', 'give it another name');
  }
  const declared = readProperties(type);
  for (const name of Object.keys(instance)) {
    if (properties.some((property) => property.name === name)) continue;
    if (declared.some((property) => property.name === name)) {
      // A field of another group, which nobody may send.
      if (instance[name] === undefined) continue;
      problems.add(
        `${type.name}.${name}`,
        `has a default value and no rule in ${groupsText(selection)}: every payload is refused.`,
        `set the default in the handler, or name the group of ${name} as well`,
      );
      continue;
    }
    problems.add(
      `${type.name}.${name}`,
      'has no class-validator decorator, but every instance has the property: every payload is refused.',
      `decorate ${name}, such as @IsString(), or remove it from the class`,
    );
  }
}

/** Rules that any list or object passes, whatever is in it. */
const SHALLOW_RULE =
  /^(array[A-Z]\w*|isArray|isDefined|isNotEmpty|isObject|isNotEmptyObject|isInstance|notEquals|isNotIn)$/;
/** Rules that say that an object is meant. */
const OBJECT_RULE = /^(isObject|isNotEmptyObject|isInstance)$/;
/** With `each`, these look at every item and let `{"$gt": ""}` through; the other rules say what an item is. */
const BLIND_FOR_ITEMS = /^(isDefined|isNotEmpty|notEquals|isNotIn)$/;

/**
 * Refuses a property whose content nothing judges: class-validator lets through whatever is inside a list or an object
 * of which only the shape was asked about, undeclared properties and `{"$gt": ""}` included (MV-01, MV-14).
 */
function checkContent(
  type: DtoClass,
  property: PropertyMetadata,
  selection: DtoSelection,
  problems: BootProblems,
): void {
  const { name, shape, rules, nested, isAllowed, isPromise } = property;
  const isJudged =
    nested.length > 0 ||
    property.record !== undefined ||
    rules.some((rule) => !(rule.each === true ? BLIND_FOR_ITEMS : SHALLOW_RULE).test(rule.name ?? ''));
  if (isJudged || isAllowed || hasTransform(type, name, selection)) return;
  const where = `${type.name}.${name}`;
  const isList = shape === 'array' || rules.some((rule) => LIST_RULE.test(rule.name ?? ''));
  const each = isList ? '{ each: true }' : '';
  const content = declaredClasses(type, name).find((declared) => isValidatable(declared));
  if (content !== undefined) {
    problems.add(
      where,
      `holds what ${content.name} describes, but nothing validates it: everything inside would pass.`,
      `add @ValidateNested(${each}) and @Type(() => ${content.name}) above it`,
    );
  } else if (isList) {
    problems.add(
      where,
      'takes a list of anything: nothing says what its items are.',
      'add what each item is, such as @IsString({ each: true }), or @Allow() where anything will do',
    );
  } else if (!isPromise && shape === 'unknown' && !rules.some((rule) => OBJECT_RULE.test(rule.name ?? ''))) {
    problems.add(
      where,
      'takes anything, {"$gt": ""} too: no rule says what it is, and TypeScript emits nothing for a union such as string | null.',
      `add what ${name} is, such as @IsString(), or @Allow() where anything will do`,
    );
  }
}

/** The classes that `@Type()` and TypeScript name for a property. */
function declaredClasses(type: DtoClass, property: string): unknown[] {
  return [...typedClassesOf(type, property), Reflect.getMetadata('design:type', type.prototype as object, property)];
}

/** @returns the classes of a nested property, to be looked at as well. */
function checkNested(
  type: DtoClass,
  property: PropertyMetadata,
  selection: DtoSelection,
  problems: BootProblems,
): DtoClass[] {
  if (property.nested.length === 0) return [];
  const where = `${type.name}.${property.name}`;
  const metadata = typeMetadataOf(type, property.name);
  if (metadata === undefined) {
    // A @Transform may make the instances.
    if (!isTransformed(type, [property.name])) {
      problems.add(
        where,
        'is @ValidateNested() without @Type(): nothing says which class its objects are, and all are refused.',
        'add @Type(() => TheNestedDto) above it, from class-transformer',
      );
    }
    return [];
  }
  const chosen = metadata.options?.discriminator?.subTypes.map(({ value }) => value);
  const classes = chosen ?? typesNamed(metadata);
  const judged = classes.filter((nested) => isValidatable(nested, selection));
  if (judged.length < classes.length) checkUnjudged(where, classes, selection, problems);
  return judged;
}

function checkUnjudged(
  where: string,
  classes: readonly unknown[],
  selection: DtoSelection,
  problems: BootProblems,
): void {
  if (classes.every((nested) => isValidatable(nested))) {
    problems.add(
      where,
      `is @ValidateNested() of a class without a rule in ${groupsText(selection)}: every object in it is refused.`,
      'give the nested rules one of the groups, or none: a rule without a group belongs to all',
    );
    return;
  }
  problems.add(
    where,
    'is @ValidateNested() of a class without class-validator decorators: every object in it is refused.',
    'decorate the properties of the class in its @Type(), such as @IsString()',
  );
}

function groupsText({ groups = [] }: DtoSelection): string {
  return `the groups [${groups.map((group) => `'${group}'`).join(', ')}]`;
}
