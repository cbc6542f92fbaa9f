import type { ApplicationConfig } from '@nestjs/core';
import { AuthorizationPlan } from '../authorization/authorization-plan.js';
import type { PolicyReports } from '../authorization/policy-reports.js';
import type { HandlerPlan } from '../messages/handler-plan.js';
import type { ApplicationClasses } from '../nest/application-classes.js';
import { hasInterceptors } from '../nest/enhancers.js';
import { compilePayload } from '../validation/compile-payload.js';
import type { CoveredHandler } from './coverage.js';

interface CompileParts {
  readonly classes: ApplicationClasses;
  readonly config: ApplicationConfig;
  readonly reports: PolicyReports;
  readonly detailedErrors: boolean;
}

/** Compiles what was decided about a handler. */
export function compileHandler(
  { record, event, decision, payload, throttles, subprotocols, isReported }: CoveredHandler,
  { classes, config, reports, detailedErrors }: CompileParts,
): HandlerPlan {
  const { label, gateway, isStream } = record;
  const { declaration, selection } = payload;
  return {
    event,
    eventJson: JSON.stringify(event),
    label,
    authorization: new AuthorizationPlan(decision, {
      resolve: (policy) => classes.providerOf(policy, gateway.module),
      onFailed: (...failure) => reports.failed(...failure),
    }),
    throttles,
    payload: declaration === undefined ? undefined : compilePayload(declaration, { detailedErrors, selection }),
    subprotocols,
    isReported,
    hasInterceptors: hasInterceptors(record, config),
    isStream,
  };
}
