import { SetMetadata } from '@nestjs/common';
import { type DtoClass, isValidatable } from './dto/dto-metadata.js';
import { isStandardSchema, type StandardSchema } from './standard-schema.js';

/** What one value of a payload can be declared as. */
export type PayloadType = DtoClass | StringConstructor | NumberConstructor | BooleanConstructor | StandardSchema;

/** What a handler's payload can be declared as: one value, or `[Item]` for a list. */
export type PayloadDeclaration = PayloadType | readonly [PayloadType];

/** Metadata key of {@link WsPayload}. */
export const WS_PAYLOAD_METADATA = 'secure-ws:payload';

/**
 * Declares the payload of a handler where TypeScript's metadata cannot: `[Item]` for a list, `String`, `Number` or
 * `Boolean` for a primitive, a Standard Schema object, or a class where the parameter is an interface.
 *
 * @example
 * ```ts
 * @WsPayload([OrderLine])
 * @SubscribeMessage('order.lines')
 * ```
 */
export const WsPayload = (declaration: unknown): MethodDecorator => SetMetadata(WS_PAYLOAD_METADATA, declaration);

/** Whether a declared payload is one that can be validated (MV-02). */
export function isPayloadDeclaration(value: unknown): value is PayloadDeclaration {
  return Array.isArray(value) ? value.length === 1 && isPayloadType(value[0]) : isPayloadType(value);
}

function isPayloadType(value: unknown): value is PayloadType {
  const isPrimitive = value === String || value === Number || value === Boolean;
  return isPrimitive || isStandardSchema(value) || isValidatable(value);
}
