import { createParamDecorator } from '@nestjs/common';
import { messageContextOf } from '../core/message-context.js';

/**
 * Gives a handler an `AbortSignal` that fires when its answer is not wanted any more: the connection closed, or the
 * handler's time is over. A listener of it must not throw: Node ends the process for that, whoever fired the signal.
 *
 * Pass it to `fetch`, a database driver or a stream.
 */
// Spelt out: the inferred type would name ParameterDecoratorOptions, which Nest 11 does not export.
export const WsAbortSignal: () => ParameterDecorator = createParamDecorator<undefined>(
  (_, context): AbortSignal => messageContextOf(context).signal,
);
