import { Transform } from 'class-transformer';
import { VALUE_TRANSFORM, type ValueTransform } from '../../nest/transformer-storage.js';

/** What one hygiene decorator does to the texts of a property. */
export interface Sanitizer {
  /** As it is written, such as `@SanitizeString()`. */
  readonly decorator: string;
  /** Never throws, and changes nothing in what it has returned before. */
  readonly clean: (text: string) => string;
  /** What is wrong with its options, and what to write; asked at boot. */
  readonly problem?: () => { readonly problem: string; readonly fix: string } | undefined;
}

const SANITIZERS = new WeakMap<ValueTransform, Sanitizer>();

/**
 * The decorator of a sanitiser. It is a `@Transform` of class-transformer, so that it also runs for HTTP; for messages the
 * compiled builder runs the same function itself.
 */
export function sanitizing(sanitizer: Sanitizer): PropertyDecorator {
  const transform: ValueTransform = (value) => cleanTexts(value, sanitizer.clean);
  SANITIZERS.set(transform, sanitizer);
  const transformFn = ({ value }: { value: unknown }): unknown => transform(value);
  return Transform(Object.assign(transformFn, { [VALUE_TRANSFORM]: transform }), { toClassOnly: true });
}

/** The sanitisers behind the transformations of a property, in the order in which they run. */
export function sanitizersOf(transforms: readonly ValueTransform[]): readonly Sanitizer[] {
  return transforms.flatMap((transform) => SANITIZERS.get(transform) ?? []);
}

/** Cleans a text, and those in lists and plain objects. What is no text is left for the rules to refuse. */
function cleanTexts(value: unknown, clean: (text: string) => string): unknown {
  if (typeof value === 'string') return clean(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => cleanTexts(item, clean));
  if (value instanceof Set) return new Set([...(value as Set<unknown>)].map((item) => cleanTexts(item, clean)));
  const prototype: unknown = Object.getPrototypeOf(value);
  // An instance of a class has sanitisers of its own.
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, cleanTexts(item, clean)]));
}
