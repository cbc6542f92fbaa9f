import { createParamDecorator } from '@nestjs/common';
import { messageContextOf } from '../core/message-context.js';
import { PolicyGrant } from './policy-grant.js';
import type { WsPolicyType } from './ws-policy.js';

/**
 * Gives a handler the resource that a policy granted. Name the policy, `@WsResource(AccountOwner)`, where the handler
 * has more than one.
 *
 * It is the object that the policy judged: a handler that loads it again decides on something else. `undefined` where the
 * policy answered `true`, or another one of `anyOf()` let the message pass.
 *
 * @throws TypeError when the policy granted `undefined` or `null`: it has let a look-up pass that found nothing.
 */
// Spelt out: the inferred type would name ParameterDecoratorOptions, which Nest 11 does not export.
export const WsResource: (policy?: WsPolicyType) => ParameterDecorator = createParamDecorator<WsPolicyType | undefined>(
  (policy, context): unknown => {
    const { grants } = messageContextOf(context);
    for (const granted of grants) {
      if (!(granted instanceof PolicyGrant) || (policy !== undefined && granted.policy !== policy)) continue;
      if (granted.rows === undefined && (granted.resource === undefined || granted.resource === null)) {
        const { name } = granted.policy;
        throw new TypeError(
          `@WsResource() was granted nothing: let ${name}.authorize() answer deny() where it finds none.`,
        );
      }
      return granted.resource;
    }
    return undefined;
  },
);
