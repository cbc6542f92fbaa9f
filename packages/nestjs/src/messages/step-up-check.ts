import { isRecentLogin } from '../authorization/step-up.js';
import type { Principal } from '../core/principal.js';
import type { Message } from './message.js';
import type { Refusal } from './refusal.js';

/** Whether the user of an identity has logged in as recently as the handler of a message asks for (AZ-14). */
export function checkStepUp({ handler, source }: Message, principal: Principal): Refusal | undefined {
  const maxAgeMs = handler?.plan.authorization.decision.stepUpMs;
  if (maxAgeMs === undefined || isRecentLogin(principal, maxAgeMs, source.engine.clock.now())) return undefined;
  // The client needs the age for its authorization server (RFC 9470 section 3, `max_age`).
  return { code: 'STEP_UP_REQUIRED', reason: 'step-up', application: { details: { maxAgeMs } } };
}
