import { TransformationType } from 'class-transformer';
import {
  type ExposureMetadata,
  type SelectiveOptions,
  TRANSFORMER_STORAGE,
  type TransformMetadata,
} from './transformer-storage.js';

/** A property as class-transformer writes it. */
export interface WrittenProperty {
  readonly name: string;
  /** The name under which it is sent. */
  readonly sentAs: string;
  /** The groups of which one is needed to see it; none where everybody may. */
  readonly groups: readonly string[];
  readonly transforms: readonly TransformMetadata[];
  /** Whether a decorator of it counts from or up to a version only. */
  readonly isVersioned: boolean;
}

/** Whether class-transformer's decorators can be read. */
export const canReadTransformer = TRANSFORMER_STORAGE !== undefined;

/**
 * The properties that a class exposes to whoever it is sent to, those of the classes above it first: what `instanceToPlain`
 * writes with `excludeExtraneousValues`.
 */
export function writtenPropertiesOf(type: object): readonly WrittenProperty[] {
  const storage = TRANSFORMER_STORAGE;
  if (storage === undefined) return [];
  const names = new Set(storage.getExposedMetadatas(type).map(({ propertyName }) => propertyName));
  const excluded = storage.getExcludedMetadatas(type).filter(isForOutput);
  const written: WrittenProperty[] = [];
  for (const name of names) {
    // Of the class itself before that of one above it.
    const exposure = storage.findExposeMetadata(type, name);
    if (exposure === undefined || !isForOutput(exposure)) continue;
    if (excluded.some(({ propertyName }) => propertyName === name)) continue;
    const transforms = storage.findTransformMetadatas(type, name, TransformationType.CLASS_TO_PLAIN);
    written.push({
      name,
      sentAs: exposure.options?.name ?? name,
      groups: exposure.options?.groups ?? [],
      transforms,
      isVersioned: [exposure, ...transforms].some(namesVersion),
    });
  }
  return written;
}

/** The properties that a class says anything about, also that they stay here. */
export function mentionedPropertiesOf(type: object): readonly string[] {
  const storage = TRANSFORMER_STORAGE;
  const all = [...(storage?.getExposedMetadatas(type) ?? []), ...(storage?.getExcludedMetadatas(type) ?? [])];
  return all.map(({ propertyName }) => propertyName);
}

function namesVersion({ options }: { readonly options?: SelectiveOptions }): boolean {
  return options?.since !== undefined || options?.until !== undefined;
}

function isForOutput({ options }: ExposureMetadata): boolean {
  return options?.toClassOnly !== true || options.toPlainOnly === true;
}
