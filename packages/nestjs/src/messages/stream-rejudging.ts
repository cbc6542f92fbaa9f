import { isGrantedAlike } from '../authorization/policy-grant.js';
import { takeHoldBriefly } from '../core/give-up.js';
import type { Principal } from '../core/principal.js';
import type { Message } from './message.js';
import type { Refusal } from './refusal.js';
import type { ReplyStream } from './reply-stream.js';
import { checkStepUp } from './message-steps.js';

/**
 * Judges the streams of a connection under an identity that is to come, while they run on under the one that holds.
 *
 * @returns what to do as soon as it holds: those that may go on are of the new epoch, the others end.
 */
export async function judgeStreams(
  streams: ReadonlyMap<Message, ReplyStream>,
  principal: Principal,
): Promise<() => void> {
  const verdicts = new Map<Message, Refusal | undefined>();
  const running = [...streams.keys()];
  await Promise.all(running.map(async (message) => verdicts.set(message, await judgeAs(message, principal))));
  return () => {
    for (const [message, stream] of [...streams]) {
      const refusal = verdicts.has(message) ? verdicts.get(message) : UNJUDGED;
      if (refusal === undefined) message.renew(principal);
      else {
        message.settle(refusal);
        stream.end();
      }
    }
  };
}

/** One that began meanwhile. */
const UNJUDGED: Refusal = Object.freeze({ code: 'FORBIDDEN', reason: 'policy' });

/** Steps 7 and 10 of a message that has passed them once, for another identity of its sender. */
async function judgeAs(message: Message, principal: Principal): Promise<Refusal | undefined> {
  const { handler, data, connection, event, id } = message;
  if (handler?.plan.isReported === true) return undefined;
  try {
    const missing = handler?.plan.authorization.missingClaim(principal);
    if (missing !== undefined) return { code: 'FORBIDDEN', reason: 'claims', missing };
    const stale = checkStepUp(message, principal);
    if (stale !== undefined) return stale;
    // AZ-07: its payload may hold what the sender of now may not send.
    const isOpen = handler?.plan.payload?.isAsOpen(message.principal.roles, principal.roles) ?? true;
    if (!isOpen) return { code: 'FORBIDDEN', reason: 'claims' };
    const grants = await handler?.plan.authorization.ask({ data, principal, connection, event, id });
    takeHoldBriefly(grants);
    // The stream goes on under the filters that it began with.
    return grants !== undefined && isGrantedAlike(message.grants, grants) ? undefined : UNJUDGED;
  } catch (exception) {
    return { code: 'FORBIDDEN', reason: 'policy-failed', fault: { exception } };
  }
}
