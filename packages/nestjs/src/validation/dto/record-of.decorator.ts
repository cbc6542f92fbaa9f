import { registerDecorator, type ValidationOptions } from 'class-validator';
import { PayloadRefusal, PayloadRun, primitiveReader } from '../payload-run.js';
import { compileDto } from './compiled-dto.js';
import type { DtoClass } from './dto-metadata.js';
import { RecordCheck } from './record-check.js';
import { type RecordBounds, RecordDeclaration } from './record-declaration.js';

/** The options of every decorator of class-validator that are options here. */
const VALIDATION_OPTIONS = new Set(['each', 'message', 'groups', 'always', 'context']);

/** What {@link RecordOf} can be told: bounds of the names, and the options of every class-validator decorator. */
export interface RecordOfOptions extends RecordBounds, Omit<ValidationOptions, 'validateIf'> {}

/**
 * Declares a property as a record: names of the client's choice, and values of one class (or `String`, `Number`,
 * `Boolean`). Each value is validated as if it stood by itself, and becomes an instance of its class. With `each: true`,
 * the property is a list of records.
 *
 * Names that every object has (`toString`, `__proto__`) are refused. The handler's record has no prototype:
 * `record[name]` is what was sent, or `undefined`. Issues say `*` for a name: `prices.*.amount`.
 *
 * It is a rule of class-validator, and judges the same in an HTTP `ValidationPipe`; the values stay plain objects there.
 *
 * @example
 * ```ts
 * @RecordOf(() => Price, { maxKeys: 20, keys: /^[A-Z]{3}$/ })
 * prices!: Record<string, Price>;
 * ```
 */
export function RecordOf(type: () => unknown, options: RecordOfOptions = {}): PropertyDecorator {
  const { maxKeys, maxKeyLength, keys, ...validationOptions } = options;
  const bounds = {
    ...(maxKeys === undefined ? {} : { maxKeys }),
    ...(maxKeyLength === undefined ? {} : { maxKeyLength }),
    ...(keys === undefined ? {} : { keys }),
  };
  const unknown = Object.keys(validationOptions).filter((name) => !VALIDATION_OPTIONS.has(name));
  const declaration = new RecordDeclaration(type, bounds, unknown);
  // Where class-validator itself asks: it goes through the items of a list on its own.
  const check = new RecordCheck('', declaration, false, (of) => primitiveReader(of) ?? compileDto(of as DtoClass));
  return (target, property) => {
    registerDecorator({
      name: 'recordOf',
      target: target.constructor,
      propertyName: property as string,
      constraints: [declaration],
      options: validationOptions,
      validator: {
        validate(value: unknown) {
          const run = new PayloadRun(false);
          const outcome = run.outcome(check.read(value, undefined, run, undefined, undefined));
          if (outcome instanceof Promise) return outcome.then((settled) => !(settled instanceof PayloadRefusal));
          return !(outcome instanceof PayloadRefusal);
        },
        defaultMessage: () => '$property must be a record whose names and values are as declared',
      },
    });
  };
}
