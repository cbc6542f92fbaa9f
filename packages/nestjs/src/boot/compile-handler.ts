import type { ApplicationConfig } from '@nestjs/core';
import {
  type AuthorizationDecision,
  type AuthorizationParts,
  AuthorizationPlan,
} from '../authorization/authorization-plan.js';
import type { PolicyReports } from '../authorization/policy-reports.js';
import type { ShadowJudge } from '../authorization/shadow/shadow-judge.js';
import { ShadowRule } from '../authorization/shadow/shadow-rule.js';
import type { HandlerPlan } from '../messages/handler-plan.js';
import type { ApplicationClasses } from '../nest/application-classes.js';
import type { DirectCall } from '../nest/direct-call.js';
import { hasInterceptors } from '../nest/enhancers.js';
import type { HandlerRecord } from '../nest/gateway-inventory.js';
import type { Outputs } from '../output/outputs.js';
import { compilePayload } from '../validation/compile-payload.js';
import { type PayloadCheck, PayloadRefusal } from '../validation/payload-run.js';
import type { CoveredHandler } from './coverage.js';
import type { JudgedPayloads } from './judged-payloads.js';

interface CompileParts {
  readonly classes: Pick<ApplicationClasses, 'providerOf'>;
  readonly config: ApplicationConfig;
  readonly reports: Pick<PolicyReports, 'failed' | 'unclear'>;
  readonly shadows: ShadowJudge;
  readonly detailedErrors: boolean;
  readonly outputs: Outputs;
  /** How handlers are called that need no chain of Nest's. */
  readonly calls?: ReadonlyMap<HandlerRecord, DirectCall>;
  /** Remembers what was validated, for the pipes that ask. */
  readonly judged?: Pick<JudgedPayloads, 'remembering'>;
}

/** Compiles what was decided about a handler. */
export function compileHandler(
  { record, event, decision, payload, reply, throttles, subprotocols, bytes, isReported }: CoveredHandler,
  { classes, config, reports, shadows, detailedErrors, outputs, calls, judged }: CompileParts,
  /** Whether a message at its endpoint may carry bytes, for any handler. */
  mayGetBytes: boolean,
): HandlerPlan {
  const { label, gateway, isStream } = record;
  const { declaration, selection } = payload;
  const check = declaration === undefined ? undefined : compilePayload(declaration, { detailedErrors, selection });
  const parts: AuthorizationParts = {
    resolve: (policy) => classes.providerOf(policy, gateway.module),
    onFailed: (...failure) => reports.failed(...failure),
    onUnclear: (policy, answer) => reports.unclear(policy, answer),
  };
  return {
    event,
    eventJson: JSON.stringify(event),
    label,
    authorization: new AuthorizationPlan(decision, parts),
    shadow: isReported ? undefined : shadowOf(decision, parts, shadows, check),
    throttles,
    payload: check === undefined ? undefined : (judged?.remembering(record, check, selection) ?? check),
    subprotocols,
    bytes,
    mayGetBytes,
    reply: outputs.ofReply(label, reply),
    isReported,
    hasInterceptors: hasInterceptors(record, config),
    call: calls?.get(record),
    isStream,
  };
}

/** The rule that is tried in place of a decision, if there is one. */
function shadowOf(
  decision: AuthorizationDecision,
  parts: AuthorizationParts,
  judge: ShadowJudge,
  check: PayloadCheck | undefined,
): ShadowRule | undefined {
  const { shadow: requirements } = decision;
  if (requirements === undefined) return undefined;
  const plan = new AuthorizationPlan({ ...decision, requirements, shadow: undefined }, parts);
  return new ShadowRule(plan, judge, async (data, { roles }) => {
    const outcome = await check?.check(data, roles);
    return outcome instanceof PayloadRefusal ? undefined : { data: outcome };
  });
}
