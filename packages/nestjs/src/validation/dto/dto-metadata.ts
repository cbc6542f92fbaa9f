import 'reflect-metadata';
import { type DtoSelection, typeMetadataOf, typesNamed } from '../../nest/transformer-storage.js';
import { inputRolesOf, isInputRoles } from './ws-input-roles.decorator.js';
import { RecordDeclaration } from './record-declaration.js';
import { getMetadataStorage, type ValidationArguments, ValidationTypes } from 'class-validator';

/** A class that a payload can be made an instance of. */
export type DtoClass = new () => object;

type Storage = ReturnType<typeof getMetadataStorage>;

/** One use of a decorator. class-validator exports no type for it, and its own leaves out what may be missing. */
export interface RuleMetadata {
  readonly type: string;
  readonly name?: string;
  readonly propertyName: string;
  readonly constraintCls: Parameters<Storage['getTargetValidatorConstraints']>[0];
  readonly constraints: readonly unknown[] | undefined;
  readonly message: string | ((args: ValidationArguments) => string) | undefined;
  readonly each: boolean | undefined;
  readonly groups: readonly string[] | undefined;
  readonly validateIf?: (object: object, value: unknown) => boolean;
}

export type Constraint = ReturnType<Storage['getTargetValidatorConstraints']>[number];

/** Everything that class-validator knows of one property, sorted by what it is for. */
export interface PropertyMetadata {
  readonly name: string;
  /** Must all return true, or the property is not validated. */
  readonly conditions: readonly RuleMetadata[];
  /** From the top, as they are written: the first one is usually the type. */
  readonly rules: readonly RuleMetadata[];
  readonly nested: readonly RuleMetadata[];
  /** What `@RecordOf()` says, if it is one. */
  readonly record: RecordDeclaration | undefined;
  /** Whether it says so more than once: only the first would hold. */
  readonly hasSeveralRecords: boolean;
  /** Whether it is a list of such records. */
  readonly isRecordList: boolean;
  readonly shape: PropertyShape;
  /** `@ValidatePromise()`, which no decoded message can satisfy. */
  readonly isPromise: boolean;
  /** `@Allow()`: whoever wrote it has decided that anything will do. */
  readonly isAllowed: boolean;
}

/**
 * Whether a value is a class whose instances class-validator can judge: it, or a class above it, has a decorator.
 *
 * A class without one would pass everything if unknown values were not forbidden (CVE-2019-18413).
 */
export function isValidatable(type: unknown, selection: DtoSelection = {}): type is DtoClass {
  // An arrow function has no prototype, and class-validator would trip over it.
  return typeof type === 'function' && 'prototype' in type && metadataOf(type as DtoClass, selection).length > 0;
}

/** Reads the decorated properties of a class and of those above it, in class-validator's order. */
export function readProperties(type: DtoClass, selection: DtoSelection = {}): PropertyMetadata[] {
  const byName = new Map<string, RuleMetadata[]>();
  for (const metadata of metadataOf(type, selection)) {
    const others = byName.get(metadata.propertyName);
    if (others === undefined) byName.set(metadata.propertyName, [metadata]);
    else others.push(metadata);
  }
  for (const name of closedNamesOf(type, selection)) byName.delete(name);
  return [...byName].map(([name, all]) => {
    const ofType = (...wanted: string[]): RuleMetadata[] => all.filter(({ type }) => wanted.includes(type));
    // Decorators register from the lowest up.
    const custom = ofType(ValidationTypes.IS_DEFINED, ValidationTypes.CUSTOM_VALIDATION).reverse();
    const rules = custom.filter((rule) => recordOf(rule) === undefined);
    const records = custom.filter((rule) => recordOf(rule) !== undefined);
    const nested = ofType(ValidationTypes.NESTED_VALIDATION);
    return {
      name,
      shape: shapeOf(Reflect.getMetadata('design:type', type.prototype as object, name), rules, nested),
      rules,
      nested,
      record: records.map(recordOf)[0],
      hasSeveralRecords: records.length > 1,
      isRecordList: records[0]?.each === true,
      conditions: ofType(ValidationTypes.CONDITIONAL_VALIDATION),
      isPromise: ofType(ValidationTypes.PROMISE_VALIDATION).length > 0,
      isAllowed: ofType(ValidationTypes.WHITELIST).length > 0,
    };
  });
}

/** Whether `@IsOptional()` says that a property may be missing. */
export function isOptional({ conditions }: PropertyMetadata): boolean {
  return conditions.some(({ name }) => name === 'isOptional');
}

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

/** The properties that `@WsInputRoles()` closes to the sender: no payload may name them, and they keep their defaults. */
export function closedNamesOf(type: DtoClass, { inputRoles }: DtoSelection): readonly string[] {
  if (inputRoles === undefined) return [];
  return [...inputRolesOf(type)].flatMap(([name, roles]) =>
    roles.some((role) => inputRoles.includes(role)) ? [] : [name],
  );
}

function recordOf({ constraints }: RuleMetadata): RecordDeclaration | undefined {
  const [declaration] = constraints ?? [];
  return declaration instanceof RecordDeclaration ? declaration : undefined;
}

/** The arguments that class-validator hands to validators and messages. */
export function argumentsOf(metadata: RuleMetadata, object: object, value: unknown): ValidationArguments {
  return {
    value,
    constraints: metadata.constraints as unknown[],
    targetName: object.constructor.name,
    object,
    property: metadata.propertyName,
  };
}

/** The validators behind a decorator: one, or none for a class that lacks `@ValidatorConstraint()`. */
export function constraintsOf(metadata: RuleMetadata): readonly Constraint[] {
  return getMetadataStorage().getTargetValidatorConstraints(metadata.constraintCls);
}

/** The groups that the rules of a class belong to. */
export function ruleGroupsOf(type: DtoClass): readonly string[] {
  return metadataOf(type, {}).flatMap(({ groups }) => groups ?? []);
}

/**
 * Without groups, class-validator runs the rules of all groups. With groups it skips the rules that have none, in silence
 * where others of the same property count; `always` keeps these. But then a mere `@IsOptional()` would make a property of
 * another group known, and nothing would look at its value: what keeps no other rule is not there.
 */
function metadataOf(type: DtoClass, { groups }: DtoSelection): RuleMetadata[] {
  const storage = getMetadataStorage();
  // class-validator declares less than it keeps.
  const read = (wanted?: string[]): RuleMetadata[] =>
    // @WsInputRoles() judges nothing: it makes no property known.
    (storage.getTargetValidationMetadatas(type, '', true, false, wanted) as RuleMetadata[]).filter(
      (rule) => !isInputRoles(rule),
    );
  if (groups === undefined) return read();
  const found = read([...groups]);
  const ruled = ruledNames(read());
  const judged = ruledNames(found);
  return found.filter(({ propertyName }) => judged.has(propertyName) || !ruled.has(propertyName));
}

/** The properties that something says what they hold of. */
function ruledNames(all: readonly RuleMetadata[]): ReadonlySet<string> {
  const ruling = all.filter(({ type }) => type !== ValidationTypes.CONDITIONAL_VALIDATION);
  return new Set(ruling.map(({ propertyName }) => propertyName));
}

/** What a property holds by its declaration; `unknown` where nothing says so. */
export type PropertyShape =
  'array' | 'set' | 'map' | 'collection' | 'object' | 'string' | 'number' | 'boolean' | 'unknown';

const SHAPES: ReadonlyMap<unknown, PropertyShape> = new Map<unknown, PropertyShape>([
  [Array, 'array'],
  [Set, 'set'],
  [Map, 'map'],
  [String, 'string'],
  [Number, 'number'],
  [Boolean, 'boolean'],
]);

export const LIST_RULE = /^array[A-Z]|^isArray$/;

/**
 * Finds out what a property was declared as.
 *
 * class-validator takes an array wherever an object is declared, a text wherever `each` asks for a list of texts, and an
 * object for a text that is only @IsNotEmpty(); the handler then works with what its types exclude (MV-07, MV-14).
 * TypeScript's emitted type decides; where it says nothing (a union, an interface, no emitted types) the decorators do:
 * `each: true` or a rule for arrays.
 */
function shapeOf(declared: unknown, rules: readonly RuleMetadata[], nested: readonly RuleMetadata[]): PropertyShape {
  const isNested = nested.length > 0;
  const shape = SHAPES.get(declared);
  if (shape !== undefined && (!isNested || declared === Array || declared === Set || declared === Map)) return shape;
  if (declared !== undefined && declared !== Object) return isNested ? 'object' : 'unknown';
  if (!isNested) return rules.some(({ each }) => each === true) ? 'collection' : 'unknown';
  return nested.some(({ each }) => each === true) || rules.some(({ name = '' }) => LIST_RULE.test(name))
    ? 'array'
    : 'object';
}

/** How long a text may be that a repeating pattern reads, where no rule of the property bounds it. */
export const MAX_PATTERN_TEXT = 1000;

const LENGTH_RULE = /^(maxLength|isLength|isByteLength)$/;
const REPETITION = /[*+]|\{\d+,\}/;

/**
 * Whether a rule is a pattern that repeats, on a text that no rule bounds. Such a pattern may take time that grows with the
 * square of the text, seconds for a message of 64 KiB (MV-13).
 */
export function isOpenPattern({ name, constraints }: RuleMetadata, rules: readonly RuleMetadata[]): boolean {
  const pattern = constraints?.[0];
  const repeats = name === 'matches' && pattern instanceof RegExp && REPETITION.test(pattern.source);
  return repeats && !rules.some((other) => LENGTH_RULE.test(other.name ?? ''));
}
