import { createParamDecorator } from '@nestjs/common';
import { messageContextOf } from '../../core/message-context.js';

/**
 * Gives a `@WsBinary()` handler the bytes of its message: a `Buffer` with memory of its own, which the handler may keep and
 * change.
 *
 * @throws TypeError outside a handler of a gateway that the module protects.
 */
// Spelt out: the inferred type would name ParameterDecoratorOptions, which Nest 11 does not export.
export const WsBytes: () => ParameterDecorator = createParamDecorator<undefined>(
  (_, context): Buffer | undefined => messageContextOf(context).binary,
);
