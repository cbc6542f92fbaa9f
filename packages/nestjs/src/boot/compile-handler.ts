import type { ApplicationConfig } from '@nestjs/core';
import { AuthorizationPlan } from '../authorization/authorization-plan.js';
import type { PolicyReports } from '../authorization/policy-reports.js';
import type { HandlerPlan } from '../messages/handler-plan.js';
import type { ApplicationClasses } from '../nest/application-classes.js';
import { hasInterceptors } from '../nest/enhancers.js';
import type { Outputs } from '../output/outputs.js';
import { compilePayload } from '../validation/compile-payload.js';
import type { CoveredHandler } from './coverage.js';

interface CompileParts {
  readonly classes: ApplicationClasses;
  readonly config: ApplicationConfig;
  readonly reports: PolicyReports;
  readonly detailedErrors: boolean;
  readonly outputs: Outputs;
}

/** Compiles what was decided about a handler. */
export function compileHandler(
  { record, event, decision, payload, reply, throttles, subprotocols, isReported }: CoveredHandler,
  { classes, config, reports, detailedErrors, outputs }: CompileParts,
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
    reply: outputs.ofReply(label, reply),
    isReported,
    hasInterceptors: hasInterceptors(record, config),
    isStream,
  };
}
