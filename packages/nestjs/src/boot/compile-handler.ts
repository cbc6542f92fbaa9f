import type { ApplicationConfig } from '@nestjs/core';
import { AuthorizationPlan } from '../authorization/authorization-plan.js';
import type { HandlerPlan } from '../messages/message.js';
import type { ApplicationClasses } from '../nest/application-classes.js';
import { hasInterceptors } from '../nest/enhancers.js';
import { compilePayload } from '../validation/compile-payload.js';
import type { CoveredHandler } from './coverage.js';

/** What a handler's plan is compiled with. */
export interface HandlerCompiler {
  readonly classes: ApplicationClasses;
  readonly config: ApplicationConfig;
  readonly detailedErrors: boolean;
}

/** Compiles what was decided about a handler. */
export function compileHandler(
  { record, event, decision, payload, throttles, isReported }: CoveredHandler,
  { classes, config, detailedErrors }: HandlerCompiler,
): HandlerPlan {
  const { label } = record;
  const { module } = record.gateway;
  const { declaration } = payload;
  const { requirements, isPublic, takesRowsOf } = decision;
  return {
    event,
    eventJson: JSON.stringify(event),
    label,
    authorization: new AuthorizationPlan(
      requirements,
      isPublic,
      (policy) => classes.providerOf(policy, module),
      takesRowsOf,
    ),
    throttles,
    payload: declaration === undefined ? undefined : compilePayload(declaration, { detailedErrors }),
    isReported,
    hasInterceptors: hasInterceptors(record, config),
    isStream: record.isStream,
  };
}
