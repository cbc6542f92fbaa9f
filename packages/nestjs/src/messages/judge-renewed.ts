import { isGrantedAlike } from '../authorization/policy-grant.js';
import { withDeadline } from '../core/awaitable.js';
import { takeHoldBriefly } from '../core/give-up.js';
import type { Principal } from '../core/principal.js';
import type { Message } from './message.js';
import { checkStepUp } from './message-steps.js';
import type { Refusal } from './refusal.js';

/**
 * What a message that has passed its checks once is refused with under another identity of its sender: its claims, how
 * recently the user has logged in, what the payload may hold, and the policies, which have their usual time for it. Never rejects.
 */
export function judgeRenewed(message: Message, principal: Principal): Promise<Refusal | undefined> {
  const { clock, parts } = message.source.engine;
  // AZ-09: or one policy that does not answer would keep a role for the connection that was taken away from it.
  return withDeadline(judge(message, principal), parts.policyTimeoutMs, clock, LATE);
}

const LATE: Refusal = Object.freeze({ code: 'FORBIDDEN', reason: 'policy-timeout' });

async function judge(message: Message, principal: Principal): Promise<Refusal | undefined> {
  const { handler, data, connection, event, id } = message;
  if (handler?.plan.isReported === true) return undefined;
  try {
    const refusal = refusalOfClaims(message, principal);
    if (refusal !== undefined) return refusal;
    const grants = await handler?.plan.authorization.ask({ data, principal, connection, event, id });
    takeHoldBriefly(grants);
    // It goes on under the filters that it began with.
    return grants !== undefined && isGrantedAlike(message.grants, grants)
      ? undefined
      : { code: 'FORBIDDEN', reason: 'policy' };
  } catch (exception) {
    return { code: 'FORBIDDEN', reason: 'policy-failed', fault: { exception } };
  }
}

/** As {@link judgeRenewed}, of what can be said at once: all but the policies. */
export function refusalOfClaims(message: Message, principal: Principal): Refusal | undefined {
  const { plan } = message.handler ?? {};
  if (plan?.isReported === true) return undefined;
  const missing = plan?.authorization.missingClaim(principal);
  if (missing !== undefined) return { code: 'FORBIDDEN', reason: 'claims', missing };
  const stale = checkStepUp(message, principal);
  if (stale !== undefined) return stale;
  // AZ-07: its payload may hold what the sender of now may not send.
  const isOpen = plan?.payload?.isAsOpen(message.principal.roles, principal.roles) ?? true;
  return isOpen ? undefined : { code: 'FORBIDDEN', reason: 'claims' };
}
