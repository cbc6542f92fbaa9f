import type { BootProblems } from '../../core/boot-problems.js';
import { type DtoSelection, typeMetadataOf } from '../../nest/transformer-storage.js';
import { primitiveReader } from '../payload-run.js';
import { type DtoClass, isValidatable, type PropertyMetadata } from './dto-metadata.js';

/** As many as a message may ever have, and as long as a name should be. */
const MAX_KEYS = 100_000;
const MAX_KEY_LENGTH = 1024;

/**
 * Refuses a `@RecordOf()` whose values nothing judges, whose bounds are none, or that another decorator contradicts.
 *
 * @returns the class of the values, to be looked at as well.
 */
export function checkRecord(
  type: DtoClass,
  property: PropertyMetadata,
  selection: DtoSelection,
  problems: BootProblems,
): readonly DtoClass[] {
  const { name, record, nested, hasSeveralRecords } = property;
  if (record === undefined) return [];
  const where = `${type.name}.${name}`;
  if (nested.length > 0 || typeMetadataOf(type, name) !== undefined) {
    problems.add(
      where,
      'is a @RecordOf() and has @ValidateNested() or @Type(), which take the record for one object.',
      'keep @RecordOf(() => TheDto) alone',
    );
  }
  const declared: unknown = Reflect.getMetadata('design:type', type.prototype as object, name);
  const wrong = [Map, Set, String, Number, Boolean].find((other) => other === declared);
  if (wrong !== undefined) {
    problems.add(
      where,
      `is a @RecordOf() and declared as a ${wrong.name}: the handler gets a plain object.`,
      `${name}: Record<string, TheDto>`,
    );
  }
  if (hasSeveralRecords) {
    problems.add(where, 'has @RecordOf() twice, of which only the upper one would hold.', 'keep one');
  }
  if (record.unknownOptions.length > 0) {
    problems.add(
      where,
      `has ${record.unknownOptions.join(' and ')} in @RecordOf(), which is no option of it.`,
      '@RecordOf(() => TheDto, { maxKeys: 20, maxKeyLength: 64, keys: /^[a-z]{1,20}$/ })',
    );
  }
  const { maxKeys, maxKeyLength, keys, valueType } = record;
  if (!isCount(maxKeys, MAX_KEYS) || !isCount(maxKeyLength, MAX_KEY_LENGTH)) {
    problems.add(
      where,
      `has wrong bounds in @RecordOf(): maxKeys is a whole number up to ${MAX_KEYS}, maxKeyLength one up to ${MAX_KEY_LENGTH}.`,
      '@RecordOf(() => TheDto, { maxKeys: 20, maxKeyLength: 64 })',
    );
  }
  if (keys !== undefined && (!(keys instanceof RegExp) || keys.global || keys.sticky)) {
    problems.add(
      where,
      'has keys in @RecordOf() that are no regular expression, or one with g or y, which remembers where it was.',
      '@RecordOf(() => TheDto, { keys: /^[a-z]{1,20}$/ })',
    );
  }
  if (isValidatable(valueType, selection)) return [valueType];
  if (primitiveReader(valueType) === undefined) {
    problems.add(
      where,
      'is a @RecordOf() of a class without class-validator decorators: every value in it is refused.',
      'name a class whose properties are decorated, such as @IsString(), or String, Number or Boolean',
    );
  }
  return [];
}

function isCount(value: unknown, max: number): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= max;
}
