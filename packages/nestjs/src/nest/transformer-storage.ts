import { createRequire } from 'node:module';
import { sep } from 'node:path';
import { Expose, TransformationType } from 'class-transformer';
// A static import: Node gives it the very module that class-transformer's own require() loads, and no import.meta stands in
// the way of Jest, which compiles the package to CommonJS.
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import type { BootProblems } from '../core/boot-problems.js';

/** What `@Type` and TypeScript say of a property. */
export interface TypeMetadata {
  readonly typeFunction: ((...args: never[]) => unknown) | undefined;
  readonly options: { readonly discriminator?: unknown } | undefined;
}

/** The part of class-transformer's metadata storage that is read here. */
export interface TransformerStorage {
  getStrategy(type: object): 'none' | 'excludeAll' | 'exposeAll';
  getExposedMetadatas(type: object): readonly unknown[];
  getExcludedMetadatas(type: object): readonly unknown[];
  findTransformMetadatas(type: object, property: string, transformation: TransformationType): readonly unknown[];
  findTypeMetadata(type: object, property: string): TypeMetadata | undefined;
}

/**
 * class-transformer's metadata, which it does not export.
 *
 * `undefined` where the storage is not the one that its decorators write to, as in a bundle or beside a second copy: then
 * nothing is known of a class, and every DTO goes through class-transformer itself.
 */
export const TRANSFORMER_STORAGE: TransformerStorage | undefined = findStorage();

/** Whether class-transformer would do more to the properties of a class than assign them. */
export function isTransformed(storage: TransformerStorage, type: object, properties: readonly string[]): boolean {
  return (
    storage.getStrategy(type) !== 'none' ||
    // Even a bare @Expose() changes something: it overwrites the default of a property that was not sent.
    storage.getExposedMetadatas(type).length > 0 ||
    storage.getExcludedMetadatas(type).length > 0 ||
    properties.some(
      (property) => storage.findTransformMetadatas(type, property, TransformationType.PLAIN_TO_CLASS).length > 0,
    )
  );
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
