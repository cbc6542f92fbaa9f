import { createParamDecorator } from '@nestjs/common';
import type { Principal } from '../authentication/principal.js';
import { messageContextOf } from '../internal/message-context.js';

/** Gives a handler the {@link Principal} that sent the message. */
export const WsPrincipal = createParamDecorator<undefined>(
  (_, context): Principal => messageContextOf(context).principal,
);
