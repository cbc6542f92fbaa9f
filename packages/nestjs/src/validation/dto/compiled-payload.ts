import { type CompiledDto, compileDto, type CompileOptions } from './compiled-dto.js';
import { type DtoClass, isValidatable } from './dto-metadata.js';
import { DtoRefusal } from './dto-refusal.js';
import { ListPayload } from './list-payload.js';
import { isStandardSchema, SchemaPayload, type StandardSchema } from '../standard-schema.js';

export type { CompiledDto } from './compiled-dto.js';
export { isValidatable } from './dto-metadata.js';

/** What one value of a payload can be declared as. */
export type PayloadType = DtoClass | StringConstructor | NumberConstructor | BooleanConstructor | StandardSchema;

/** What a handler's payload can be declared as: one value, or `[Item]` for a list. */
export type PayloadDeclaration = PayloadType | readonly [PayloadType];

/** Whether a declared payload is one that can be validated (MV-02). */
export function isPayloadDeclaration(value: unknown): value is PayloadDeclaration {
  return Array.isArray(value) ? value.length === 1 && isPayloadType(value[0]) : isPayloadType(value);
}

/**
 * Compiles the check of a declared payload.
 *
 * @throws TypeError for a declaration that {@link isPayloadDeclaration} refuses.
 */
export function compilePayload(declared: PayloadDeclaration, options: CompileOptions = {}): CompiledDto {
  if (isList(declared)) return new ListPayload(compileType(declared[0], options));
  return compileType(declared, options);
}

function isPayloadType(value: unknown): value is PayloadType {
  return isPrimitive(value) || isStandardSchema(value) || isValidatable(value);
}

function isList(declared: PayloadDeclaration): declared is readonly [PayloadType] {
  return Array.isArray(declared);
}

function isPrimitive(value: unknown): value is StringConstructor | NumberConstructor | BooleanConstructor {
  return value === String || value === Number || value === Boolean;
}

function compileType(type: PayloadType, options: CompileOptions): CompiledDto {
  if (type === String) return new PrimitivePayload('isString', (value) => typeof value === 'string');
  // NaN and Infinity are numbers that no comparison of a handler expects.
  if (type === Number) return new PrimitivePayload('isNumber', (value) => Number.isFinite(value));
  if (type === Boolean) return new PrimitivePayload('isBoolean', (value) => typeof value === 'boolean');
  if (isStandardSchema(type)) return new SchemaPayload(type, options);
  return compileDto(type as DtoClass, options);
}

/** A primitive value, never converted from another type. */
class PrimitivePayload implements CompiledDto {
  readonly #refusal: DtoRefusal;

  constructor(
    rule: string,
    private readonly test: (value: unknown) => boolean,
  ) {
    this.#refusal = Object.freeze(new DtoRefusal(Object.freeze([Object.freeze({ path: '', rule })])));
  }

  check(sent: unknown): unknown {
    return this.test(sent) ? sent : this.#refusal;
  }
}
