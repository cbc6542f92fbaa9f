import { createRequire } from 'node:module';
import { sep } from 'node:path';
import { Expose, TransformationType } from 'class-transformer';
// A static import: Node gives it the very module that class-transformer's own require() loads, and no import.meta stands in
// the way of Jest, which compiles the package to CommonJS.
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import type { BootProblems } from '../core/boot-problems.js';

/** How one class of several is chosen by a name in the payload. */
export interface Discriminator {
  readonly property: string;
  readonly subTypes: readonly { readonly name: string; readonly value: unknown }[];
}

export interface TypeMetadata {
  readonly typeFunction: ((...args: never[]) => unknown) | undefined;
  readonly options:
    { readonly discriminator?: Discriminator; readonly keepDiscriminatorProperty?: boolean } | undefined;
}

/** The groups and the version that a payload is read for; without a version, all of them. */
export interface DtoSelection {
  readonly groups?: readonly string[];
  readonly version?: number;
  /** The roles of the sender, as far as `@WsInputRoles()` asks for them. @default not asked: every property is there */
  readonly inputRoles?: readonly string[];
}

/** For which groups and versions a decorator of class-transformer counts. */
export interface SelectiveOptions {
  readonly groups?: readonly string[];
  readonly since?: number;
  readonly until?: number;
}

/** One `@Expose` or `@Exclude`. */
export interface ExposureMetadata {
  readonly propertyName: string;
  readonly options?: SelectiveOptions & {
    readonly name?: string;
    readonly toClassOnly?: boolean;
    readonly toPlainOnly?: boolean;
  };
}

/** Changes a value in place, and needs nothing of class-transformer to do so. */
export type ValueTransform = (value: unknown) => unknown;

/** What a transformation carries that may also run without class-transformer. */
export const VALUE_TRANSFORM: unique symbol = Symbol('secure-ws:value-transform');

/** One `@Transform`. */
export interface TransformMetadata {
  readonly options?: SelectiveOptions;
  readonly transformFn: {
    readonly [VALUE_TRANSFORM]?: ValueTransform;
    (parameters: {
      readonly value: unknown;
      readonly key: string;
      readonly obj: unknown;
      readonly type: TransformationType;
      readonly options: object;
    }): unknown;
  };
}

/** The part of class-transformer's metadata storage that is read here. */
interface TransformerStorage {
  getStrategy(type: object): 'none' | 'excludeAll' | 'exposeAll';
  getExposedMetadatas(type: object): readonly ExposureMetadata[];
  getExcludedMetadatas(type: object): readonly ExposureMetadata[];
  findExposeMetadata(type: object, property: string): ExposureMetadata | undefined;
  findTransformMetadatas(
    type: object,
    property: string,
    transformation: TransformationType,
  ): readonly TransformMetadata[];
  findTypeMetadata(type: object, property: string): TypeMetadata | undefined;
}

/**
 * class-transformer's metadata, which it does not export.
 *
 * `undefined` where the storage is not the one that its decorators write to, as in a bundle or beside a second copy: then
 * nothing is known of a class, and every DTO goes through class-transformer itself.
 */
export const TRANSFORMER_STORAGE: TransformerStorage | undefined = findStorage();

/** Whether class-transformer would do more to the properties of a class than assign them; also where nothing is known. */
export function isTransformed(type: object, properties: readonly string[]): boolean {
  const storage = TRANSFORMER_STORAGE;
  return (
    storage === undefined ||
    storage.getStrategy(type) !== 'none' ||
    // Even a bare @Expose() changes something: it overwrites the default of a property that was not sent.
    storage.getExposedMetadatas(type).length > 0 ||
    storage.getExcludedMetadatas(type).length > 0 ||
    properties.some((property) => hasTransform(type, property))
  );
}

/** What `@Type` and TypeScript say of a property. */
export function typeMetadataOf(type: object, property: string): TypeMetadata | undefined {
  return TRANSFORMER_STORAGE?.findTypeMetadata(type, property);
}

/** The class that `@Type()` names, if any. A type function with a parameter chooses by the payload. */
export function typesNamed({ typeFunction }: TypeMetadata): readonly unknown[] {
  return typeFunction === undefined || typeFunction.length > 0 ? [] : [typeFunction()];
}

/** Whether a property has a `@Transform` for payloads, apart from {@link valueTransformsOf}. */
export function hasTransform(type: object, property: string, selection: DtoSelection = {}): boolean {
  return transformsOf(type, property).some(
    ({ options, transformFn }) => transformFn[VALUE_TRANSFORM] === undefined && isSelected(options, selection),
  );
}

/** The transformations of a property that may run without class-transformer, in its order. */
export function valueTransformsOf(type: object, property: string): readonly ValueTransform[] {
  return transformsOf(type, property).flatMap(({ transformFn }) => transformFn[VALUE_TRANSFORM] ?? []);
}

function transformsOf(type: object, property: string): readonly TransformMetadata[] {
  return TRANSFORMER_STORAGE?.findTransformMetadatas(type, property, TransformationType.PLAIN_TO_CLASS) ?? [];
}

/** What `@Expose` and `@Transform` say about the groups and versions of a property, where it is read from a payload. */
export function selectiveOptionsOf(type: object, property: string): readonly SelectiveOptions[] {
  const exposure = TRANSFORMER_STORAGE?.findExposeMetadata(type, property);
  const exposed = exposure !== undefined && isForPayloads(exposure) ? [exposure] : [];
  return [...exposed, ...transformsOf(type, property)].flatMap(({ options }) => options ?? []);
}

/** Whether a property has no place in what is read for a selection: no payload may name it, and it has no value. */
export function isOutsideOf(type: object, property: string, selection: DtoSelection): boolean {
  return !isSelected(TRANSFORMER_STORAGE?.findExposeMetadata(type, property)?.options, selection);
}

/** As in class-transformer: without groups, what has groups is left out; without a version, no version is. */
function isSelected(options: SelectiveOptions | undefined, { groups = [], version }: DtoSelection): boolean {
  if (options === undefined) return true;
  const { since = 0, until = 0 } = options;
  if (version !== undefined && ((since !== 0 && version < since) || (until !== 0 && version >= until))) return false;
  if (groups.length === 0) return (options.groups?.length ?? 0) === 0;
  return options.groups === undefined || groups.some((group) => options.groups?.includes(group) === true);
}

/**
 * The names that class-transformer reads from a payload, each with the property that it becomes. It leaves out what the class
 * excludes, does not expose, exposes to other groups or versions, or cannot be assigned.
 *
 * A property that is exposed under another name is read under its own as well; here it has one name.
 */
export function sentNamesOf(
  type: new () => object,
  properties: readonly string[],
  selection: DtoSelection = {},
): ReadonlyMap<string, string> {
  const storage = TRANSFORMER_STORAGE;
  const exposed = storage?.getExposedMetadatas(type) ?? [];
  const excluded = storage?.getExcludedMetadatas(type) ?? [];
  const exposesAll = storage?.getStrategy(type) !== 'excludeAll';
  const names = new Map<string, string>();
  for (const property of properties) {
    const all = exposed.filter(({ propertyName }) => propertyName === property);
    const applied = all.filter(isForPayloads).at(-1);
    const isLeftOut =
      (applied === undefined && !exposesAll) ||
      excluded.some((exclusion) => exclusion.propertyName === property && isForPayloads(exclusion)) ||
      // class-transformer itself forgets the groups and versions of a property that is exposed under another name.
      isOutsideOf(type, property, selection) ||
      !isAssignable(type.prototype as object, property);
    if (!isLeftOut) names.set(applied?.options?.name ?? property, property);
  }
  return names;
}

function isForPayloads({ options }: ExposureMetadata): boolean {
  return options?.toPlainOnly !== true || options.toClassOnly === true;
}

function isAssignable(prototype: object | null, property: string): boolean {
  for (let at = prototype; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const descriptor = Object.getOwnPropertyDescriptor(at, property);
    if (descriptor !== undefined) return descriptor.set !== undefined;
  }
  return true;
}

function findStorage(): TransformerStorage | undefined {
  class Probe {}
  Expose()(Probe.prototype, 'seen');
  try {
    const storage = defaultMetadataStorage as TransformerStorage;
    return storage.getExposedMetadatas(Probe).length === 1 ? storage : undefined;
  } catch {
    return undefined;
  }
}

const STORAGE = ['class-transformer', 'cjs', 'storage.js'].join(sep);

/**
 * Refuses a second copy of class-transformer in the process: each keeps its own metadata, so that an `@Exclude()` or
 * `@Transform()` of the other copy would silently do nothing here. (class-validator shares one storage for all copies.)
 *
 * @param loaded the files of the CommonJS modules that are loaded.
 */
export function checkTransformerCopies(
  problems: BootProblems,
  // Any path does, every require function shows the same cache. No import.meta: Jest compiles the package to CommonJS.
  loaded: readonly string[] = Object.keys(createRequire(process.execPath).cache),
): void {
  const copies = loaded.filter((file) => file.endsWith(STORAGE)).length;
  if (copies <= 1) return;
  problems.add(
    'class-transformer',
    `is loaded ${copies} times: what one copy's decorators say, the others do not know.`,
    'npm dedupe class-transformer, and look at `npm ls class-transformer`',
  );
}
