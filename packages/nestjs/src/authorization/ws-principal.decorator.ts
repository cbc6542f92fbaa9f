import { createParamDecorator } from '@nestjs/common';
import type { Principal } from '../core/principal.js';
import { messageContextOf } from '../core/message-context.js';

/** Gives a handler the {@link Principal} that sent the message. */
// Spelt out: the inferred type would name ParameterDecoratorOptions, which Nest 11 does not export.
export const WsPrincipal: () => ParameterDecorator = createParamDecorator<undefined>(
  (_, context): Principal => messageContextOf(context).principal,
);
