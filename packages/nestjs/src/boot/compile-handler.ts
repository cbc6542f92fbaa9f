import type { ApplicationConfig } from '@nestjs/core';
import { AuthorizationPlan, type PolicyProvider } from '../authorization/authorization-plan.js';
import type { WsPolicyType } from '../authorization/ws-policy.js';
import type { HandlerPlan } from '../messages/handler-plan.js';
import type { ApplicationClasses } from '../nest/application-classes.js';
import { hasInterceptors } from '../nest/enhancers.js';
import { compilePayload } from '../validation/compile-payload.js';
import type { CoveredHandler } from './coverage.js';

/** Compiles what was decided about a handler. */
export function compileHandler(
  { record, event, decision, payload, throttles, subprotocols, isReported }: CoveredHandler,
  classes: ApplicationClasses,
  config: ApplicationConfig,
  detailedErrors: boolean,
): HandlerPlan {
  const { label, gateway, isStream } = record;
  const { declaration, selection } = payload;
  const { requirements, isPublic, takesRowsOf } = decision;
  const providerOf = (policy: WsPolicyType): PolicyProvider => classes.providerOf(policy, gateway.module);
  return {
    event,
    eventJson: JSON.stringify(event),
    label,
    authorization: new AuthorizationPlan(requirements, isPublic, providerOf, takesRowsOf),
    throttles,
    payload: declaration === undefined ? undefined : compilePayload(declaration, { detailedErrors, selection }),
    subprotocols,
    isReported,
    hasInterceptors: hasInterceptors(record, config),
    isStream,
  };
}
