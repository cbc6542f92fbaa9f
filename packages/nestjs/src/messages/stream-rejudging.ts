import type { Principal } from '../core/principal.js';
import { judgeRenewed } from './judge-renewed.js';
import type { Message } from './message.js';
import type { Refusal } from './refusal.js';
import type { ReplyStream } from './reply-stream.js';

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
  await Promise.all(running.map(async (message) => verdicts.set(message, await judgeRenewed(message, principal))));
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
