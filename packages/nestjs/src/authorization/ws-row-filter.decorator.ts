import { createParamDecorator } from '@nestjs/common';
import { messageContextOf } from '../core/message-context.js';
import type { WsPolicyType } from './ws-policy.js';
import { PolicyGrant } from './policy-grant.js';

/**
 * Gives a handler the filter that a policy granted with `grantRows(filter)`. Name the policy, `@WsRowFilter(OwnOrders)`,
 * where the handler has more than one: each filter must narrow the query, and the boot refuses to choose between two.
 *
 * @throws TypeError when no policy granted a filter: a list without its filter would show everything.
 */
// Spelt out: the inferred type would name ParameterDecoratorOptions, which Nest 11 does not export.
export const WsRowFilter: (policy?: WsPolicyType) => ParameterDecorator = createParamDecorator<
  WsPolicyType | undefined
>((policy, context): unknown => {
  for (const granted of messageContextOf(context).grants) {
    if (!(granted instanceof PolicyGrant) || granted.rows === undefined) continue;
    if (policy === undefined || granted.policy === policy) return granted.rows;
  }
  throw new TypeError('@WsRowFilter() found no filter: let the policy answer grantRows(filter).');
});
