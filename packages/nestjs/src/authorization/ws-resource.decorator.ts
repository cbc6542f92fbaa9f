import { createParamDecorator } from '@nestjs/common';
import { messageContextOf } from '../core/message-context.js';
import { PolicyGrant } from './policy-grant.js';
import type { WsPolicyType } from './ws-policy.js';

/**
 * Gives a handler the resource that a policy granted. Name the policy, `@WsResource(AccountOwner)`, where the handler
 * has more than one.
 *
 * It is the object that the policy judged: a handler that loads it again decides on something else.
 */
// Spelt out: the inferred type would name ParameterDecoratorOptions, which Nest 11 does not export.
export const WsResource: (policy?: WsPolicyType) => ParameterDecorator = createParamDecorator<WsPolicyType | undefined>(
  (policy, context): unknown => {
    const { grants } = messageContextOf(context);
    for (const granted of grants) {
      if (granted instanceof PolicyGrant && (policy === undefined || granted.policy === policy))
        return granted.resource;
    }
    return undefined;
  },
);
