import type { BootProblems } from '../../core/boot-problems.js';
import { valueTransformsOf } from '../../nest/transformer-storage.js';
import type { PropertyMetadata } from '../dto/dto-metadata.js';
import { sanitizersOf } from './sanitizer.js';

const NO_TEXT: ReadonlySet<PropertyMetadata['shape']> = new Set(['number', 'boolean', 'map', 'object']);

/** Refuses sanitisers that would do nothing, or undo what another one did. */
export function checkSanitizers(type: new () => object, property: PropertyMetadata, problems: BootProblems): void {
  const sanitizers = sanitizersOf(valueTransformsOf(type, property.name));
  if (sanitizers.length === 0) return;
  const where = `${type.name}.${property.name}`;
  for (const { problem: ask } of sanitizers) {
    const found = ask?.();
    if (found !== undefined) problems.add(where, found.problem, found.fix);
  }
  const names = sanitizers.map(({ decorator }) => decorator);
  const first = names[0] as string;
  if (property.nested.length > 0 || NO_TEXT.has(property.shape) || holdsObjects(property)) {
    problems.add(
      where,
      `has ${first} and holds no text: it would do nothing.`,
      `put ${first} above the texts of the class that ${property.name} holds, or remove it`,
    );
  }
  if (new Set(names).size < names.length) problems.add(where, `has ${first} twice.`, 'keep one');
  if (names.includes('@SanitizeHtml()') && names.length > 1) {
    const other = names.find((name) => name !== '@SanitizeHtml()') ?? first;
    problems.add(
      where,
      `has ${other} beside @SanitizeHtml(), which cleans texts itself, and whose markup no other may touch.`,
      `remove ${other}`,
    );
  } else if (names[0] === '@EscapeHtml()' && names.includes('@SanitizeString()')) {
    problems.add(
      where,
      'has @EscapeHtml() above @SanitizeString(), which would run after it and may make markup of other characters.',
      'write @SanitizeString() above @EscapeHtml()',
    );
  }
}

function holdsObjects({ record }: PropertyMetadata): boolean {
  return record !== undefined && record.valueType !== String;
}
