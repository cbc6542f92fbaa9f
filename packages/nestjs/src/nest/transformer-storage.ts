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

/** One `@Expose` or `@Exclude`. */
interface ExposureMetadata {
  readonly propertyName: string;
  readonly options?: {
    readonly name?: string;
    readonly groups?: readonly string[];
    readonly toClassOnly?: boolean;
    readonly toPlainOnly?: boolean;
  };
}

/** The part of class-transformer's metadata storage that is read here. */
interface TransformerStorage {
  getStrategy(type: object): 'none' | 'excludeAll' | 'exposeAll';
  getExposedMetadatas(type: object): readonly ExposureMetadata[];
  getExcludedMetadatas(type: object): readonly ExposureMetadata[];
  findTransformMetadatas(type: object, property: string, transformation: TransformationType): readonly unknown[];
  findTypeMetadata(type: object, property: string): TypeMetadata | undefined;
}

/**
 * class-transformer's metadata, which it does not export.
 *
 * `undefined` where the storage is not the one that its decorators write to, as in a bundle or beside a second copy: then
 * nothing is known of a class, and every DTO goes through class-transformer itself.
 */
const TRANSFORMER_STORAGE: TransformerStorage | undefined = findStorage();

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

/** Whether a property has a `@Transform` for payloads. */
export function hasTransform(type: object, property: string): boolean {
  const found = TRANSFORMER_STORAGE?.findTransformMetadatas(type, property, TransformationType.PLAIN_TO_CLASS);
  return found !== undefined && found.length > 0;
}

/**
 * The names that class-transformer reads from a payload, each with the property that it becomes. It leaves out what the class
 * excludes, does not expose, exposes to a group, or cannot be assigned.
 *
 * A property that is exposed under another name is read under its own as well; here it has one name.
 */
export function sentNamesOf(type: new () => object, properties: readonly string[]): ReadonlyMap<string, string> {
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
      (all.at(-1)?.options?.groups?.length ?? 0) > 0 ||
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
