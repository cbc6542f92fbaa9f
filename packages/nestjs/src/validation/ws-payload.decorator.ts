import { SetMetadata } from '@nestjs/common';

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
